import numpy as np
import pytest
from probeline.report.figures import gradient_weights as plugin
from probeline.report.results.results import Results

CONFIG = plugin.Config(temperature=0.5, margin=0.4, negatives=4, similarity=0.3)


def objective(loss, positive, negatives):
    """Table 2's objectives, written out."""
    tau = CONFIG.temperature
    if loss == "NT-Xent":
        return positive / tau - np.log(np.exp(positive / tau) + np.exp(negatives / tau).sum())
    if loss == "NT-Logistic":
        return np.log(1 / (1 + np.exp(-positive / tau))) + np.log(1 / (1 + np.exp(negatives / tau))).sum()
    return -max(negatives[0] - positive + CONFIG.margin, 0)


@pytest.mark.parametrize("loss", ["NT-Xent", "NT-Logistic", "Margin triplet"])
@pytest.mark.parametrize("s", [-0.9, -0.2, 0.1, 0.5, 0.95])
def test_weights_are_the_slopes_of_the_objectives(loss, s):
    rest, step = np.full(CONFIG.negatives, CONFIG.similarity), 1e-6
    pull = (objective(loss, s + step, rest) - objective(loss, s - step, rest)) / (2 * step)
    assert plugin.weights(loss, "positive", np.array([s]), CONFIG)[0] == pytest.approx(pull, abs=1e-6)
    up, down = rest.copy(), rest.copy()
    up[0], down[0] = s + step, s - step
    push = -(objective(loss, CONFIG.similarity, up) - objective(loss, CONFIG.similarity, down)) / (2 * step)
    assert plugin.weights(loss, "negative", np.array([s]), CONFIG)[0] == pytest.approx(push, abs=1e-6)


def test_only_nt_xent_weighs_a_negative_by_the_others():
    few, many = (CONFIG.model_copy(update={"negatives": n}) for n in (2, 64))
    at = np.array([0.5])
    for loss, depends in (("NT-Xent", True), ("NT-Logistic", False), ("Margin triplet", False)):
        same = plugin.weights(loss, "negative", at, few) == plugin.weights(loss, "negative", at, many)
        assert bool(same[0]) != depends


def test_the_figure_needs_no_trials_and_has_a_curve_a_loss_and_side(trials):
    drawn = plugin.draw(plugin.prepare(Results(trials.iloc[:0]), CONFIG))
    assert len(drawn.data) == 6 and "not from runs" in drawn.layout.meta["caption"]
