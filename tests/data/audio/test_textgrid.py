import pytest
from probeline.data.audio.textgrid import intervals

LONG = '''File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 0.9
tiers? <exists>
size = 3
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 0.9
        intervals: size = 1
        intervals [1]:
            xmin = 0
            xmax = 0.9
            text = "say ""ah"""
    item [2]:
        class = "TextTier"
        name = "clicks"
        xmin = 0
        xmax = 0.9
        points: size = 1
        points [1]:
            number = 0.4
            mark = "x"
    item [3]:
        class = "IntervalTier"
        name = "phones"
        xmin = 0
        xmax = 0.9
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 0.25
            text = "AH0"
        intervals [2]:
            xmin = 0.25
            xmax = 0.9
            text = ""
'''
SHORT = '"ooTextFile"\n"TextGrid"\n\n0\n0.5\n<exists>\n1\n"IntervalTier"\n"phones"\n0\n0.5\n1\n0\n0.5\n"AA1"\n'


def test_the_long_form_has_its_tiers() -> None:
    assert intervals(LONG, "phones") == [(0.0, 0.25, "AH0"), (0.25, 0.9, "")]
    assert intervals(LONG, "Words") == [(0.0, 0.9, 'say "ah"')]


def test_the_short_form_is_read_too() -> None:
    assert intervals(SHORT, "phones") == [(0.0, 0.5, "AA1")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (LONG[:700], "ends in the middle"),
        ("nothing of the kind", "ends in the middle|no TextGrid"),
        (LONG.replace('"phones"', '"segments"'), "no interval tier 'phones'; its tiers are 'words', 'segments'"),
    ],
    ids=["cut short", "other text", "no such tier"],
)
def test_what_is_no_textgrid_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        intervals(text, "phones")
