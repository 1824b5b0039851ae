"""The answer in sentences: the order of the lines, what beats the baseline, and which differences are unclear."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from probeline.report.results import studies
from probeline.report.results.axis_values import short, shown
from probeline.report.results.baseline import Baseline, counterparts
from probeline.report.results.baseline import title as baseline_title
from probeline.report.results.cells import CellResult, why_not_applicable
from probeline.report.results.layout import ReportLayout
from probeline.report.results.metrics import Metric, metric
from probeline.report.results.results import Results
from probeline.report.sentences import phrases, seed_counts
from probeline.report.sentences.text import clean, isolated
from probeline.statistics.differences import Difference, Scores, average, paired_difference
from probeline.statistics.intervals import Estimate, estimate

GAPS = "Not in these numbers"
MAX_LINES = 12  # sentences of a list; the table has all


@dataclass(frozen=True)
class AnswerPart:
    """A heading and its sentences."""

    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """A first sentence that stands alone, the comparisons with the baseline, then what they rest on."""

    lead: str
    baseline: AnswerPart
    sections: tuple[AnswerPart, ...]


def answer(
    results: Results, metric_name: str, baseline: Baseline, shape: ReportLayout, decided: Sequence[str] = ()
) -> Answer:
    """Generate the answer from the finished trials; every sentence carries its interval and n.

    `decided`: the sentences on comparisons that decided how many seeds ran.
    """
    described = metric(metric_name)
    cells = results.cells(metric_name, shape)
    gaps = _gaps(results, metric_name)
    if not any(cell.values for cell in cells):
        return Answer(f"No trial has finished with {metric_name} yet, so there is no answer.", AnswerPart("", ()), gaps)
    lines = {label: [cell for cell in cells if cell.line == label] for label in shape.labels}
    common = _common(lines)
    levels = {label: line_estimate(group, common) for label, group in lines.items()}
    ranked = _in_order([label for label in levels if levels[label].n], levels, described)
    over = _over(shape, common)
    sections = [
        AnswerPart(seed_counts.TITLE, tuple(decided)),
        AnswerPart(f"{_order(described)} by {described.title}{over}", _levels(ranked, levels, described)),
        _neighbours(lines, ranked[:MAX_LINES], described) if described.ranked else AnswerPart("", ()),
        _along_x(lines, shape, described),
    ]
    sections.append(AnswerPart(studies.TITLE, studies.sentences(cells, shape)))
    against = _against_baseline(cells, ranked, baseline, described)
    arms = [label for label, group in lines.items() if all(cell.arm for cell in group)]
    where = over.replace(",", "; the grid's lines are", 1) if ranked and ranked[0] in arms else over
    lead = " ".join(filter(None, [seed_counts.needed(cells, described), _lead(ranked, levels, described, where)]))
    return Answer(lead, against, (*(s for s in sections if s.sentences), *gaps))


def _order(metric: Metric) -> str:
    return "Best to worst" if metric.ranked else "Lines"


def _in_order(labels: list[str], levels: dict[str, Estimate], metric: Metric) -> list[str]:
    """Labels from best to worst; in the spec's order where the metric has no direction."""
    if not metric.ranked:
        return labels
    ascending = sorted(labels, key=lambda label: levels[label].mean)
    return ascending[::-1] if metric.higher_is_better else ascending


def line_estimate(group: list[CellResult], at: set) -> Estimate:
    """Mean of a line, seed by seed over its cells at the x values `at`; a seed must have finished all of them."""
    used = [cell for cell in group if cell.values and (cell.arm or cell.x in at)] or [c for c in group if c.values]
    if not used:
        return estimate([])
    scores = average([cell.scores for cell in used])
    return estimate(list(scores.values.values()), scores.measurement)


def line_pairs(ours: list[CellResult], theirs: list[CellResult]) -> list[tuple[CellResult, CellResult]]:
    """The cells of two lines at the same x; an arm goes with every x."""
    return [(a, b) for a in ours for b in theirs if a.x == b.x or a.arm or b.arm]


def difference(pairs: list[tuple[CellResult, CellResult]]) -> Difference:
    """Ours against theirs seed by seed, averaged over the pairs of cells of which both have results."""
    pairs = [(a, b) for a, b in pairs if a.values and b.values]
    if not pairs:
        return paired_difference(Scores({}), Scores({}))
    return paired_difference(average([a.scores for a, _ in pairs]), average([b.scores for _, b in pairs]))


def _common(lines: dict[str, list[CellResult]]) -> set:
    """The x values at which every line of the grid has results."""
    at = [{cell.x for cell in group if cell.values} for group in lines.values() if not all(cell.arm for cell in group)]
    at = [values for values in at if values]
    return set.intersection(*at) if at else set()


def _levels(ranked: list[str], levels: dict[str, Estimate], metric: Metric) -> tuple[str, ...]:
    """A line a sentence; one line alone is what the lead says."""
    if len(ranked) < 2:
        return ()
    return (*(f"{phrases.level(isolated(k), levels[k], metric)}." for k in ranked[:MAX_LINES]), *_more(ranked))


def _few(sentences: tuple[str, ...]) -> tuple[str, ...]:
    """Of more than MAX_LINES comparisons all claims, of the unclear ones only how many there are."""
    if len(sentences) <= MAX_LINES:
        return sentences
    claimed = tuple(sentence for sentence in sentences if not sentence.startswith((phrases.CANNOT, "Cannot compare")))
    unclear = len(sentences) - len(claimed)
    remark = f"{unclear} of {len(sentences)} comparisons cannot tell their two sides apart."
    return (*claimed, *((remark,) if unclear else ()))


def _more(ranked: list[str]) -> tuple[str, ...]:
    more = len(ranked) - MAX_LINES
    return (f"And {more} more, in the table of results.",) if more > 0 else ()


def _over(shape: ReportLayout, common: set) -> str:
    values = [value for value in shape.x_values if value in common]
    if shape.x is None or not values or len(shape.x_values) < 2:
        return ""
    words = f"{'averaged over' if len(values) > 1 else 'at'} {short(shape.x)} {', '.join(map(shown, values))}"
    return f", {words}" + ("" if len(values) == len(shape.x_values) else ", where every line has results")


def _lead(ranked: list[str], levels: dict[str, Estimate], metric: Metric, over: str) -> str:
    if not ranked:
        return "No seed has finished in all cells of any line, so lines cannot be compared yet."
    if not metric.ranked and len(ranked) > 1:
        return f"{metric.heading} has no direction, so the {len(ranked)} lines are not ranked{over}."
    best = ranked[0]
    extreme = "highest" if metric.higher_is_better else "lowest"
    first = f"has the {extreme} {metric.title}:" if len(ranked) > 1 else f"reaches a {metric.title} of"
    return (
        f"{isolated(best)} {first} {metric.text(levels[best].mean)} ({phrases.interval(levels[best], metric)}){over}."
    )


def _against_baseline(
    results: Sequence[CellResult], ranked: list[str], baseline: Baseline, metric: Metric
) -> AnswerPart:
    if baseline is None:
        return AnswerPart("", ())
    name, other = baseline_title(baseline, results), counterparts(results, baseline)
    if not other:
        return AnswerPart(f"Against {name}", (f"The plan has nothing to compare with {name}.",))
    pairs = {
        k: [(cell, other[cell.label]) for cell in results if cell.line == k and cell.label in other] for k in ranked
    }
    compared = [(isolated(line), name, difference(of)) for line, of in pairs.items() if of]
    return AnswerPart(f"Against {name}", _few(phrases.comparisons(compared, metric)))


def _neighbours(lines: dict, ranked: list[str], metric: Metric) -> AnswerPart:
    compared = [(isolated(a), isolated(b), difference(line_pairs(lines[a], lines[b]))) for a, b in pairwise(ranked)]
    return AnswerPart("Each against the next in that order", phrases.comparisons(compared, metric))


def _along_x(lines: dict, shape: ReportLayout, metric: Metric) -> AnswerPart:
    if shape.x is None or len(shape.x_values) < 2:
        return AnswerPart("", ())
    low, high = shape.x_values[0], shape.x_values[-1]
    compared = []
    for label in shape.lines:
        ends = {cell.x: cell for cell in lines[label]}
        if low in ends and high in ends:
            gap = paired_difference(ends[high].scores, ends[low].scores)
            compared.append((f"{isolated(label)} at {short(shape.x)} {shown(high)}", shown(low), gap))
    title = f"Effect of {short(shape.x)}, {shown(low)} to {shown(high)}"
    return AnswerPart(title, _few(phrases.comparisons(compared, metric)))


def _gaps(results: Results, metric_name: str) -> tuple[AnswerPart, ...]:
    trials = results.trials
    without = trials[results.missing(metric_name)]
    if not len(without):
        return ()
    kinds = Counter(row.failure or row.status for row in without.fillna({"failure": ""}).itertuples())
    words = {"finished": "finished without it"}
    named = ", ".join(f"{count} {words.get(kind, kind)}" for kind, count in kinds.items())
    text = f"{len(without)} of {len(trials)} trials without a result ({named}). They are in no mean; each n says so."
    reasons: dict[str, list[str]] = {}
    for row in without[without["status"] == "finished"].to_dict("records"):
        reason = why_not_applicable(row.get("notes"), metric_name)
        if reason and row["cell"] not in reasons.setdefault(reason, []):
            reasons[reason].append(row["cell"])
    why = [f"{', '.join(map(isolated, cells))}: {clean(reason)}." for reason, cells in reasons.items()]
    return (AnswerPart(GAPS, (text, *why[:MAX_LINES])),)
