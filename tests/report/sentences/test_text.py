from probeline.report.sentences.text import clean, isolated


def test_control_characters_are_gone():
    assert clean("a\u202eb\nc\x00\u2069") == "ab c "


def test_right_to_left_names_are_set_apart_and_others_left_as_they_are():
    assert isolated("שיטה") == "\u2068שיטה\u2069" and isolated("simclr") == "simclr"


def test_a_very_long_name_is_cut_for_a_sentence():
    assert isolated("x" * 5_000) == "x" * 119 + "…" and isolated("x" * 120) == "x" * 120
