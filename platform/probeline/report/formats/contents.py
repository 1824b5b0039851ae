"""What a report says, before it is set as HTML or Markdown."""

from dataclasses import dataclass, field, replace
from typing import Any

from probeline.experiment.references import referred
from probeline.experiment.schema import Experiment
from probeline.report.formats.charts import Chart, chart, online_probes, worth_showing
from probeline.report.panels import (
    attention_maps,
    audio_players,
    confusion,
    continuations,
    embedding_maps,
    image_sheets,
    neighbours,
    score_histogram,
    views,
)
from probeline.report.panels.gallery import Gallery, Sheets
from probeline.report.panels.trial_selection import TrialSelection, choose
from probeline.report.results import provenance, studies
from probeline.report.results.layout import ReportLayout
from probeline.report.results.metrics import metric
from probeline.report.results.results import Results
from probeline.report.results.trial_files import TrialFiles
from probeline.report.sentences import seed_counts
from probeline.report.sentences.summary import Answer, answer
from probeline.report.tables import leaderboard, tables
from probeline.report.tables.tables import Table
from probeline.statistics import sequential
from probeline.statistics.intervals import COVERAGE, METHOD

INSIDE = "A closer look"
PICTURED = {"views", "neighbours", "map_2d", "generations", "audio_generations", "samples", "attention_map"}
FIGURES = ("metric_against_axis", "training_curves", "cost")
TUNING = ("chosen_values", "tuning_history", "tuning_importance")
SECTION_OF = {"paired_differences": "differences", "training_curves": "training", "cost": "cost"}
SECTION_OF |= dict.fromkeys(TUNING, "tuning")


@dataclass(frozen=True)
class ReportPart:
    """One section of the page; `folded` tables open on demand, `empty` stands where there is nothing."""

    id: str
    title: str
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    folded: tuple[tuple[str, Table], ...] = ()
    empty: str = ""
    galleries: tuple[Gallery[Any], ...] = ()
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contents:
    """The whole report."""

    title: str
    question: str
    answer: Answer
    expected: str
    notes: str
    sections: tuple[ReportPart, ...]
    facts: list[tuple[str, list[str]]]
    recipes: list[tuple[str, str]]
    identities: Table
    comparisons: int
    method: str = METHOD
    coverage: str = COVERAGE
    sheets: Sheets = field(default_factory=Sheets)


def contents(experiment: Experiment, results: Results, files: TrialFiles | None = None) -> Contents:
    """Compute and draw everything; a figure that fails leaves a note in its place and its traceback in the log.

    `files`: what the trials of `chosen` left. None: nobody looked.
    """
    asked = experiment.report
    main = asked.metric or results.main_metric
    if experiment.until_decided is not None:
        results = replace(results, looks=seed_counts.looks_of(experiment))
    shape = shape_of(experiment, results)
    defaults = figure_defaults(experiment, shape, main)
    charts = [(SECTION_OF.get(f["name"], "results"), chart(f, results, defaults)) for f in figures(experiment)]
    if any(each.name == "training_curves" for _, each in charts):
        charts += [("training", each) for each in online_probes(results, defaults)]
    if not any(each.figure for section, each in charts if section == "results"):
        instead = chart({"name": "metric_by_cell"}, results, defaults)
        if instead.figure is not None:
            charts = [one for one in charts if one[1].name not in _unasked(experiment)]
        charts.append(("results", instead))
    section_ids = ("results", "differences", "tuning", "training", "cost")
    by_section = {section: worth_showing(each for where, each in charts if where == section) for section in section_ids}
    decided = seed_counts.until_decided(experiment, results, results.cells(main, shape), metric(main))
    summary = answer(results, main, asked.baseline, shape, decided)
    pictures = Sheets()
    sections = _sections(results, experiment, main, shape, by_section)
    if files is not None:
        at = sum(part.id not in ("cost", "failures") for part in sections)
        sections[at:at] = _panels(chosen(experiment, results).with_files(files), main, pictures, files.trouble)
    return Contents(
        title=experiment.name,
        question=experiment.question,
        answer=summary,
        expected=experiment.expected,
        notes=asked.notes,
        sections=tuple(sections),
        facts=provenance.facts(results),
        recipes=provenance.recipes(results),
        identities=provenance.identities(results),
        comparisons=sum(
            "paired" in sentence for part in (summary.baseline, *summary.sections) for sentence in part.sentences
        ),
        sheets=pictures,
        method=METHOD if results.looks is None else f"{METHOD}; {sequential.METHOD}",
    )


def chosen(experiment: Experiment, results: Results) -> TrialSelection:
    """Whose pictures the page shows, before anybody has fetched them."""
    main = experiment.report.metric or results.main_metric
    return choose(results, main, shape_of(experiment, results), experiment.report.panels)


def figures(experiment: Experiment) -> list[dict[str, Any]]:
    """The experiment's figures as components, in order: those that it names, else the usual ones."""
    asked = experiment.report
    chosen = [_component(f) for f in (asked.figures if asked.figures is not None else FIGURES)]
    if asked.baseline is not None and "differences" in asked.tables:
        chosen += [{"name": "paired_differences"}] * all(f["name"] != "paired_differences" for f in chosen)
    if experiment.tune is not None and not any(f["name"] in TUNING for f in chosen):
        chosen += [{"name": "chosen_values", "key": key} for key in experiment.tune.space]
        chosen += [{"name": "tuning_history"}] + [{"name": "tuning_importance"}] * (len(experiment.tune.space) > 1)
    return chosen


def _unasked(experiment: Experiment) -> set[str]:
    """The figure that every page has, where nobody has named its axis: that it cannot be drawn is then no news."""
    return {f["name"] for f in figures(experiment) if f["name"] == "metric_against_axis" and f.get("x") is None}


def shape_of(experiment: Experiment, results: Results) -> ReportLayout:
    """How the experiment's grid is read; its first figure along an axis decides."""
    axis = next((f for f in figures(experiment) if f["name"] == "metric_against_axis"), {})
    return results.layout(axis.get("x"), axis.get("line"))


def figure_defaults(experiment: Experiment, shape: ReportLayout, main: str) -> dict[str, Any]:
    """What a figure takes from the experiment where its component leaves it out."""
    asked = experiment.report
    return {
        "metric": main,
        "baseline": asked.baseline,
        "x": shape.x,
        "line": shape.line,
        "references": referred(asked.references),
    }


def _sections(
    results: Results, experiment: Experiment, main: str, shape: ReportLayout, charts: dict
) -> list[ReportPart]:
    wanted, baseline = experiment.report.tables, experiment.report.baseline
    main_table, more = tables.main_table(results, main, shape), tables.more_metrics(results, main, shape)
    paired = tables.differences(results, main, baseline, shape) if baseline is not None else None
    tuned = studies.table(studies.studies(results.cells(main, shape)))
    cost, failures = tables.cost(results, shape), tables.failures(results, main)
    ranked = leaderboard.table(results, main, shape)
    folded = (("Standings of the lines, over all their cells", ranked),) * bool(ranked.rows)
    folded += (("Per-class accuracy, calibration and the rest", more),) * bool(more.columns)
    complete = (
        "None: every planned trial has finished with a result." if len(results.trials) else "No trial is planned."
    )
    parts = [
        ReportPart("results", "Result", charts["results"],
             (main_table,) * ("results" in wanted), folded, empty="No results yet."),
        ReportPart("differences", "Paired differences", charts["differences"],
             (paired,) if paired is not None and "differences" in wanted else (),
             empty="The experiment names no baseline, so nothing is compared (report.baseline)."),
        ReportPart("tuning", "Tuning", charts["tuning"], (tuned,) * bool(tuned.rows)),
        ReportPart("training", "Training curves", charts["training"]),
        ReportPart("cost", "Cost", charts["cost"], (cost,) * ("cost" in wanted and bool(cost.columns))),
        ReportPart("failures", "Failures and missing cells", tables=(failures,) * ("failures" in wanted),
             empty=complete),
    ]  # fmt: skip
    needed = {"differences": "differences" in wanted, "failures": "failures" in wanted, "results": True}
    return [part for part in parts if part.charts or part.tables or needed.get(part.id)]


def _panels(choice: TrialSelection, main: str, pictures: Sheets, trouble: str) -> list[ReportPart]:
    """The section of pictures; none where no protocol was asked for any."""
    if trouble:
        asked = any(PICTURED & set(one.protocols) for one in choice.shown)
        return [ReportPart("panels", INSIDE, sentences=(f"There are no pictures here: {trouble}.",))] if asked else []
    shown = choice.shown
    galleries: list[Gallery[Any] | None] = [
        views.panel(shown, pictures),
        *image_sheets.panels(shown),
        audio_players.panel(shown),
        neighbours.panel(shown, pictures),
    ]
    galleries += [confusion.panel(shown, main), score_histogram.panel(shown), continuations.panel(shown)]
    galleries += [attention_maps.panel(shown)]
    filled = tuple(each for each in galleries if each and (each.cards or each.missing))
    maps, missing = embedding_maps.charts(shown, pictures)
    if not (filled or maps or missing):
        return []
    charts = tuple(Chart(embedding_maps.PROTOCOL, figure, aside=aside) for figure, aside in maps)
    sentences = (*choice.omissions(), *(f"No map of {each}" for each in missing))
    return [ReportPart("panels", INSIDE, charts, galleries=filled, sentences=sentences)]


def _component(figure: str | dict[str, Any]) -> dict[str, Any]:
    return {"name": figure} if isinstance(figure, str) else dict(figure)
