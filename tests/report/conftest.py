"""Frames as `tracking.results` gives them, with numbers drawn for the test of the drawing code alone."""

import hashlib
import itertools
import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from probeline.experiment.schema import Experiment, Report

LEVELS = {"simclr": 0.700, "rotation": 0.655, "supervised": 0.742}
ARMS = {"random_init": 0.640, "raw_pixels": 0.583}
CLASSES = ("brick", "coffee", "rocket")
STARTED = pd.Timestamp("2026-03-01T10:00:00Z")


def make_trials(levels=LEVELS, sizes=(64, 128, 256), arms=ARMS, seeds=3, spread=0.006):
    """A plan of methods by batch sizes with arms, all finished; `frame.loc` changes what a test is about."""
    rng = np.random.default_rng(7)
    seeds = range(seeds) if isinstance(seeds, int) else seeds
    plan = [(f"{m} batch_size={b}", None, m, b) for m in levels for b in sizes]
    plan += [(arm, arm, None, None) for arm in arms]
    rows = []
    for label, arm, method, size in plan:
        level = arms[arm] if arm else levels[method] + 0.012 * np.log2(size / 128) * (method == "simclr")
        shift = 0.0 if arm == "raw_pixels" else 1.0
        rows += [_row(label, arm, method, size, seed, level + shift * spread * rng.normal(), rng) for seed in seeds]
    frame = pd.DataFrame(rows)
    return frame.astype({"failure": object, "message": object, "arm": object, "method": object})


def _row(label, arm, method, size, seed, top1, rng):
    identity = hashlib.sha256(f"{label}/{seed}".encode()).hexdigest()
    trained = arm is None
    metrics = {
        "linear_probe/top1": top1,
        "linear_probe/ece": 0.05 + 0.01 * rng.random(),
        "linear_probe/l2": 0.001,
        "knn/top1": top1 - 0.03,
        **{f"linear_probe/top1/{name}": top1 + 0.02 * i for i, name in enumerate(CLASSES)},
        "cost/train_seconds": (20 + 3 * rng.random()) if trained else 0.0,
        "cost/eval_seconds": 1.5 + 0.1 * rng.random(),
        "cost/images_per_second": (3000 + 200 * rng.random()) if trained else np.nan,
        "cost/parameters": 0.0 if arm == "raw_pixels" else 175_000.0,
        "cost/peak_memory_bytes": 4e8 + 1e6 * (size or 0),
    }
    return {
        "trial_id": identity[:16],
        "encoder_id": identity[16:32],
        "run_id": identity[32:64],
        "cell": label,
        "arm": arm,
        "seed": seed,
        "status": "finished",
        "failure": None,
        "message": None,
        "method": method,
        "training.batch_size": size,
        **metrics,
        "recipe": {
            "data": {"name": "photos", "validation": 0.1},
            "encoder": {"name": "raw_pixels" if arm == "raw_pixels" else "resnet"},
            "method": {"name": method or "random_init"},
            "training": {"epochs": 10, "batch_size": size or 256},
            "evaluation": {"linear_probe": {"grid": [0.001, 0.1]}, "knn": {"k": 20, "temperature": 0.07}},
        },
        "git_commit": "661ef78c0ffee00000000000000000000000abcd",
        "git_dirty": True,
        "versions": json.dumps({"python": "3.11.7", "torch": "2.14.1", "probeline": "0.1.0"}),
        "hardware": "2 x Xeon, 23 GiB",
        "data_digest": "9f" * 32,
        "started": STARTED,
        "finished": STARTED + pd.Timedelta(seconds=30),
    }


def make_grid(axes, values, seeds=3):
    """All combinations of `axes` (name -> values); `values(seed, **axes by their last word)` gives the metrics."""
    rows = []
    for point in itertools.product(*axes.values()):
        at = dict(zip(axes, point, strict=True))
        named = {key.rpartition(".")[2]: value for key, value in at.items()}
        label = " ".join(f"{key}={value}" for key, value in named.items())
        for seed in range(seeds):
            row = _row(label, None, named.get("method", "simclr"), None, seed, 0.5, np.random.default_rng(seed))
            kept = {
                key: value
                for key, value in row.items()
                if "/" not in key and key not in ("method", "training.batch_size")
            }
            rows.append({**kept, **at, **values(seed=seed, **named)})
    return pd.DataFrame(rows).astype({"failure": object, "message": object, "arm": object})


def make_history(trials, epochs=10):
    """Loss and online probe of every trained trial that started."""
    rng = np.random.default_rng(8)
    rows = []
    for trial in trials[trials["arm"].isna() & (trials["status"] != "missing")].itertuples():
        for step in range(1, epochs + 1):
            loss = 1.0 + 2.0 * np.exp(-step / 4) + 0.03 * rng.normal()
            rows.append((trial.trial_id, "train/loss", step, loss))
            rows.append((trial.trial_id, "train/lr", step, 0.06 * (1 - step / epochs)))
            rows.append((trial.trial_id, "online_probe/top1", step, 0.7 - 0.4 * np.exp(-step / 3)))
    return pd.DataFrame(rows, columns=["trial_id", "name", "step", "value"])


def fail(trials, row, status="failed", failure="diverged", message="the loss at epoch 3 is nan"):
    """The frame with one trial that has no result."""
    changed = trials.copy()
    changed.loc[row, ["status", "failure", "message"]] = [status, failure, message]
    changed.loc[row, [name for name in changed.columns if "/" in name]] = np.nan
    if status == "missing":
        changed.loc[row, ["run_id", "started", "finished"]] = None
    return changed


def make_tuned(trials, points=None, space=None):
    """The frame with a study behind every cell of its grid; `points(cell's first row)`: (values, score) in order."""

    def searched(row):
        number, best = 1 + ord(row["cell"][-1]) % 3, row["linear_probe/top1"] - 0.1
        rates = [0.01 * 2**i for i in range(4)]
        return [({"training.lr": rate}, None if i == 3 else best - abs(i - number)) for i, rate in enumerate(rates)]

    space = space or {"training.lr": {"log_uniform": [0.001, 1.0]}}
    search = {"space": space, "sampler": "tpe", "seeds": [1_000_000], "direction": "maximize"}
    search |= {"metric": "linear_probe/validation_top1", "trials": 4}
    studies = {}
    for row in trials[trials["arm"].isna()].drop_duplicates("cell").to_dict("records"):
        tried = (points or searched)(row)
        scores = [score for _, score in tried if score is not None]
        values, score = next(point for point in tried if point[1] == max(scores))
        studies[row["cell"]] = {
            "study_id": hashlib.sha256(row["cell"].encode()).hexdigest()[:16], "run_id": "5" * 32, "search": search,
            "chosen": values, "score": score, "tried": len(tried), "importance": {k: 1 / len(values) for k in values},
            "trials": [{"number": i, "state": "pruned" if s is None else "complete", "value": s, "values": v}
                       for i, (v, s) in enumerate(tried)],
        }  # fmt: skip
    return trials.assign(tuned=pd.Series([studies.get(cell) for cell in trials["cell"]], trials.index, dtype=object))


def make_experiment(**report):
    """A real experiment with the report section that a test needs."""
    settings = {"metric": "linear_probe/top1", "baseline": "random_init", **report}
    return Experiment(
        name="quickstart",
        question="Does SimCLR beat random features on small photographs, and does its batch size matter?",
        expected="SimCLR above random init by 5 points or more (SimCLR, figure 9).",
        seeds=3,
        report=Report(**settings),
    )


@pytest.fixture
def trials():
    return make_trials()


@pytest.fixture
def history(trials):
    return make_history(trials)


@pytest.fixture(scope="session")
def make():
    """The makers, for tests that need other frames."""
    return SimpleNamespace(
        trials=make_trials,
        history=make_history,
        grid=make_grid,
        experiment=make_experiment,
        fail=fail,
        tuned=make_tuned,
    )
