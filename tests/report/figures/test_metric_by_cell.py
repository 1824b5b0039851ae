from probeline.report.figures import metric_by_cell as plugin
from probeline.report.results.results import Results


def test_there_is_a_row_for_every_cell_also_for_those_without_a_result(make, trials):
    for row in range(3):
        trials = make.fail(trials, row)
    cells = plugin.prepare(Results(trials), plugin.Config()).cells
    assert [cell.cell for cell in cells] == list(trials["cell"].drop_duplicates())
    assert cells[0].n == 0 and "no result" in cells[0].hover and cells[1].n == 3


def test_colours_follow_the_line_and_rows_their_count(trials):
    drawn = plugin.draw(plugin.prepare(Results(trials), plugin.Config()))
    means = [trace for trace in drawn.data if trace.marker.size == 10]
    assert len(means) == 11 and len({trace.marker.color for trace in means[:3]}) == 1
    assert drawn.layout.height == 76 + 34 * 11
