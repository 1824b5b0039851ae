import io
from dataclasses import replace

from probeline.core.events import Record
from probeline.execution.planning.plan import make
from probeline.execution.progress import LiveTable, PlainProgress, ProgressDisplay, duration, watch
from probeline.experiment.load import load
from rich.console import Console


def console(terminal=False):
    return Console(file=io.StringIO(), force_terminal=terminal, width=120)


def test_a_log_gets_a_line_for_each_trial_that_ends(spec, uri):
    trials, out = make(load(spec), uri).trials, console()
    seen = watch(trials, 4, out)
    assert isinstance(seen, PlainProgress)
    with seen:
        seen.started(trials[0])
        seen.received(trials[0], [Record("train/loss", 1.25, 1), Record("linear_probe/top1", 0.5)])
        seen.finished(trials[0])
        seen.started(trials[1])
        seen.failed(trials[1], "diverged", "the loss is not finite")
    first, second = out.file.getvalue().splitlines()
    assert first.startswith("[1 of 6 trials, 4 done before")
    assert first.endswith("finished  simclr seed=0  loss 1.250  linear probe 0.500")
    assert second.endswith("diverged  rotation seed=0: the loss is not finite")


def test_a_terminal_gets_a_table_with_the_running_cells_on_top(spec, uri):
    trials, out = make(load(spec), uri).trials, console(terminal=True)
    seen = watch(trials, 0, out)
    assert isinstance(seen, LiveTable)
    seen.started(trials[1])
    seen.received(trials[1], [Record("train/loss", 0.75, 1)])
    out.print(seen.draw())
    lines = out.file.getvalue().splitlines()
    assert "0 of 6 trials" in lines[0]
    assert "rotation" in lines[2]
    assert "0/2" in lines[2]
    assert "loss 0.750" in lines[2]


def test_time_left_counts_the_share_of_running_trials(spec, uri):
    trials = make(load(spec), uri).trials
    seen = ProgressDisplay(trials, 0, console())
    seen.begun -= 100
    assert "left" not in seen.headline()
    for trial in trials[:2]:
        seen.started(trial)
        seen.received(trial, [Record("train/loss", 1.0, 1)])  # of 2 epochs
    assert "about 8 min left" in seen.headline()


def test_a_duration_is_said_as_people_say_it():
    assert [duration(s) for s in (5, 89, 300, 9000)] == ["5 s", "89 s", "5 min", "2.5 h"]


def test_a_studys_trials_take_the_places_of_their_stand_ins(spec, uri):
    trials = make(load(spec), uri).trials
    known, stand_ins, asked = trials[:2], trials[2:4], [replace(trial, id=trial.id[::-1]) for trial in trials[2:4]]
    seen = ProgressDisplay(known, 0, console(), stand_ins)
    assert seen.headline().startswith("0 of 4 trials")
    for trial in [*known, *asked]:
        seen.started(trial)
        seen.finished(trial)
    assert seen.headline().startswith("4 of 4 trials")
    seen.started(replace(asked[0], id="another"))
    assert seen.headline().startswith("4 of 5 trials")
