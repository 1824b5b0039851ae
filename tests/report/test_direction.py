"""Directions by value: fewer bits per dim lead, and a metric without a direction is shown and never ranked."""

import math

import pytest
from probeline.core.figure import NothingToDraw
from probeline.report.checks import comparison, expectations
from probeline.report.figures import paired_differences, tuned_bars
from probeline.report.results.results import Results
from probeline.report.sentences.summary import answer
from probeline.report.tables import leaderboard, tables

BITS, NONE = "bits_per_dim/elbo", "collapse/h/ratio"
LEVELS = {"vae": 3.1, "vqvae": 4.2}


@pytest.fixture
def bits(make):
    """Two methods over two widths and three seeds: the VAE needs a bit less an image value."""

    def values(seed, method, width):
        noise = 0.02 * math.sin(7 * seed + width + len(method))
        level = LEVELS[method] + noise - 0.3 * (width == 8)
        return {BITS: level, NONE: level, "bits_per_dim/validation_elbo": level}

    return make.grid({"method": ["vqvae", "vae"], "encoder.width": [4, 8]}, values)


def said(trials, metric, baseline=None):
    results = Results(trials)
    return answer(results, metric, baseline, results.layout("encoder.width", "method"))


def test_the_vae_with_fewer_bits_per_dim_leads_in_words(bits):
    told = said(bits, BITS, {"method": "vqvae"})
    assert told.lead.startswith("vae has the lowest bits per dim: 2.95") and "bits (95% interval" in told.lead
    assert all(sentence.startswith("vae") and " beats " in sentence for sentence in told.baseline.sentences)
    assert told.sections[0].title.startswith("Best to worst by bits per dim")
    assert [sentence.split(":")[0] for sentence in told.sections[0].sentences] == ["vae", "vqvae"]


def test_the_vae_with_fewer_bits_per_dim_leads_in_every_table(bits):
    results = Results(bits)
    shape = results.layout("encoder.width", "method")
    ranked = leaderboard.table(results, BITS, shape)
    assert [row[1].sort for row in ranked.rows] == ["vae", "vqvae"]
    assert ranked.rows[0][7].sort == 1.0, "P(a run of the VAE needs fewer bits than one of the VQ-VAE)"
    table = tables.differences(results, BITS, {"method": "vqvae"}, shape)
    rows, chance = table.rows, table.columns.index("P(better)")
    assert {row[-1].text for row in rows if row[0].text.startswith("method=vae")} == {"better"}
    assert {row[chance].sort for row in rows if row[0].text.startswith("method=vae")} == {1.0}


def test_fewer_bits_are_no_regression_and_beat_more(bits):
    entries = [
        {"cell": "method=vae width=4", "mean": 3.3, "tolerance": 0.01},
        {"cell": "method=vqvae width=4", "mean": 4.1, "tolerance": 0.01},
        {"cell": "method=vae width=4", "beats": "method=vqvae width=4"},
        {"cell": "method=vqvae width=4", "beats": "method=vae width=4"},
    ]
    expected = expectations.Expectations.model_validate({"metric": BITS, "expect": entries})
    assert [finding.good for finding in expectations.check(expected, Results(bits))] == [True, False, True, False]


def test_more_bits_in_the_second_of_two_experiments_are_worse(bits):
    worse = bits.assign(**{BITS: bits[BITS] + [0.5 + 0.001 * row for row in range(len(bits))]})
    text = comparison.text(comparison.compare(Results(bits), Results(worse), BITS), "a", "b")
    assert "0 better, 4 worse" in text


def test_the_settings_with_the_fewest_bits_are_the_tuned_ones(bits):
    config = tuned_bars.Config(metric=BITS, over="method", select=BITS)
    assert {bar.settings for bar in tuned_bars.prepare(Results(bits), config).bars} == {"width 8"}


def test_the_figure_of_differences_says_which_side_is_better(bits):
    def caption(metric):
        config = paired_differences.Config(metric=metric, baseline={"method": "vqvae"}, line="method")
        return str(paired_differences.draw(paired_differences.prepare(Results(bits), config)))

    assert "Left of zero is better" in caption(BITS)
    assert "of zero is better" not in caption(NONE)


def test_a_metric_without_a_direction_is_shown_and_never_ranked(bits):
    told = said(bits, NONE, {"method": "vqvae"})
    assert told.lead.startswith("Spread of h over an isotropic one has no direction, so the 2 lines are not ranked")
    assert told.sections[0].title.startswith("Lines by spread of h")
    words = " ".join([told.lead, *told.baseline.sentences, *(s for part in told.sections for s in part.sentences)])
    assert not any(word in words for word in ("beats", "worse", "best", "highest", "lowest"))
    assert "is below" in words, "how two cells differ is still told"
    results = Results(bits)
    shape = results.layout("encoder.width", "method")
    assert leaderboard.table(results, NONE, shape).rows == ()
    table = tables.differences(results, NONE, {"method": "vqvae"}, shape)
    assert "P(higher)" in table.columns
    assert {row[-1].text for row in table.rows} <= {"higher", "lower", "cannot\u00a0tell", "the same"}


def test_nothing_is_chosen_or_beaten_by_a_metric_without_a_direction(bits):
    with pytest.raises(NothingToDraw, match="has no direction, so it chooses no cell"):
        tuned_bars.prepare(Results(bits), tuned_bars.Config(metric=BITS, over="method", select=NONE))
    entries = [
        {"cell": "method=vae width=4", "beats": "method=vqvae width=4"},
        {"cell": "method=vae width=4", "mean": 3.11, "tolerance": 0.05},
        {"cell": "method=vae width=4", "mean": 3.3, "tolerance": 0.05},
        {"cell": "method=vae width=4", "mean": 2.9, "tolerance": 0.05},
    ]
    expected = expectations.Expectations.model_validate({"metric": NONE, "expect": entries})
    found = expectations.check(expected, Results(bits))
    assert [finding.good for finding in found] == [False, True, False, False]
    assert "has no direction, so no cell beats another by it" in found[0].text


def test_a_stored_metric_that_no_plug_in_declares_is_still_shown(bits):
    old = bits.rename(columns={NONE: "retired_protocol/score"})
    told = said(old, "retired_protocol/score")
    assert told.lead.startswith("Retired protocol/score has no direction, so the 2 lines are not ranked")
    assert [sentence[:10] for sentence in told.sections[0].sentences] == ["vqvae: 4.0", "vae: 2.952"]
