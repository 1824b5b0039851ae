import pytest
from probeline.errors import UserError
from probeline.experiment.references import References
from probeline.report.results.references import chosen, groups, papers, published, sources


def test_a_published_value_comes_with_its_source_and_confidence():
    (cell,) = published("simclr.fig5.crop.color")
    assert (cell.value, cell.fraction, cell.table, cell.confidence) == (56.3, pytest.approx(0.563), "Figure 5", 0.99)
    words = " ".join(cell.words())
    assert "arXiv 2002.05709" in words and "ImageNet" in words and "proceedings PDF" in words and "0.99" in words


def test_every_value_has_a_known_source_a_unit_and_a_probability():
    every = [one for group in groups() for one in published(group)]
    assert len(every) > 700 and len({one.id for one in every}) == len(every)
    assert all(one.source in sources() and one.unit and 0 < one.confidence <= 1 for one in every)
    assert {one.id.split(".")[0] for one in every} == set(papers())


def test_a_prefix_ends_at_a_whole_word():
    assert {one.table for one in published("simclr.fig1")} == {"Figure 1"}  # not figure 10 to 19
    assert len(published("simclr.fig9")) == 60


def test_a_value_that_is_not_sure_is_called_recalled():
    doubtful = [one for one in published("simclr") if one.confidence < 0.9]
    assert doubtful and all(one.recalled and "recalled" in one.words()[-1] for one in doubtful)


def test_an_unknown_prefix_names_the_nearest():
    with pytest.raises(UserError, match=r"did you mean 'simclr\.fig9'"):
        published("simclr.fig99")
    with pytest.raises(UserError, match="papers: simclr"):
        published("moco")


def test_only_keeps_what_matches():
    kept = chosen(References(id="simclr.fig9", only={"epochs": 100}))
    assert len(kept) == 6 and {one.setup["epochs"] for one in kept} == {100}
    with pytest.raises(UserError, match="only"):
        chosen(References(id="simclr.fig9", only={"epochs": 7}))


def test_several_prefixes_give_each_value_once():
    assert len(chosen(References(id=["simclr.fig9", "simclr.fig9.b256"]))) == 60
