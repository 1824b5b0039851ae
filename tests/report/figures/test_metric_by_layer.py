import pytest
from probeline.core.figure import NothingToDraw
from probeline.errors import UserError
from probeline.report.figures import metric_by_layer as plugin
from probeline.report.results.results import Results


@pytest.fixture
def curves(make):
    def values(seed, method):
        return {f"unit_quality/layer_{layer}/pnmi": 0.2 + 0.1 * layer + 0.01 * seed for layer in (0, 1, 10)}

    return make.grid({"method": ["hubert", "wav2vec2"]}, values)


def prepare(trials, **config):
    return plugin.prepare(Results(trials), plugin.Config.model_validate(config))


def test_every_layer_that_was_recorded_is_a_point_of_its_cell(curves):
    info = prepare(curves)
    assert [list(curve.layers) for curve in info.curves] == [[0, 1, 10], [0, 1, 10]]
    lines = [trace for trace in plugin.draw(info).data if trace.mode == "lines+markers"]
    assert [list(trace.x) for trace in lines] == [[0, 1, 10], [0, 1, 10]]
    assert lines[0].y[2] - lines[0].y[0] == pytest.approx(1.0)


def test_a_published_value_stands_at_a_layer_of_its_cell(curves):
    label = prepare(curves).curves[0].label
    paper = {label: {1: "hubert.table5.kmeans_base_it1_layer6.c500.pnmi"}}
    hollow = [
        trace for trace in plugin.draw(prepare(curves, published=paper)).data if "open" in str(trace.marker.symbol)
    ]
    assert [(list(trace.x), list(trace.y)) for trace in hollow] == [([1], [0.637])]
    with pytest.raises(UserError, match="no published value"):
        prepare(curves, published={label: {1: "hubert.table99"}})


def test_a_metric_that_no_layer_has_is_nothing_to_draw(curves):
    with pytest.raises(NothingToDraw, match="phone_purity"):
        prepare(curves, metric="unit_quality/layer_<layer>/phone_purity")
