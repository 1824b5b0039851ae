"""What a plan will cost on a cluster, and how much of it fits into a budget."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from probeline.errors import parsing
from probeline.execution.planning import planned_tuning_trials
from probeline.execution.planning.cost_model import Price, Prices, Total, ends, prices_of, total
from probeline.execution.planning.plan import Plan
from probeline.execution.planning.plan_text import in_words
from probeline.execution.progress import duration
from probeline.execution.ray.scheduler import HOUR, Budget
from probeline.experiment.problems import printable
from probeline.experiment.resources import Resources
from probeline.experiment.trial import Trial
from probeline.storage.paths import RemotePath, StoragePath
from probeline.tracking.reading.costs import costs, shape
from probeline.tracking.writing.gpus import gpus
from probeline.tracking.writing.provenance import cores, processor

MOST = 10_000_000
"""CPUs, or GPUs, that a cluster can be said to have."""

NAMED = 12
"""Left trials named in the text; `--json` names all."""


@dataclass(frozen=True)
class Cluster:
    """What there is to run on, all machines together."""

    cpus: float
    gpus: float

    @classmethod
    def parse(cls, text: str | None) -> "Cluster":
        """`64` or `64,8`: cores, GPUs; None: this machine. Raises UserError."""
        if text is None:
            return cls(cores(), len(gpus()))
        with parsing(f"--cluster {text}", "CPUS or CPUS,GPUS, such as 64,8"):
            parts = [float(part) for part in text.split(",")]
            if not 1 <= len(parts) <= 2 or not all(0 <= part <= MOST for part in parts) or not parts[0]:
                raise ValueError(f"got no counts up to {MOST:,}")
            return cls(*[*parts, 0.0][:2])

    def slots(self, resources: Resources) -> int:
        """How many trials run at once; at least one, as a run refuses what can never run."""
        needs = resources.all
        by_cpu = int(self.cpus / needs["CPU"] + 1e-9)
        by_gpu = int(self.gpus / needs["GPU"] + 1e-9) if needs["GPU"] else by_cpu
        return max(1, min(by_cpu, by_gpu))


@dataclass(frozen=True)
class Forecast:
    """The trials that fit into the budget and those that remain, in the order of a run.

    `cost` and `clock` (seconds) are of those that fit. Both lists hold tuning trials and winners as
    `planned_tuning_trials.trials` gives them.
    """

    fits: list[Trial]
    remaining: list[Trial]
    prices: list[Price]
    cost: Total
    clock: float
    slots: int
    gpus: float
    ready: int
    elsewhere: tuple[str, ...] = ()

    def planned(self, plan: Plan) -> list[Trial]:
        """The trials that fit and are in the plan: a run asks its studies for the others."""
        ids = {trial.id for trial in plan.todo}
        return [trial for trial in self.fits if trial.id in ids]

    def held(self, budget: Budget) -> Budget:
        """The budget with the number of trials that fit, so that studies do not ask for more."""
        return replace(budget, max_trials=len(self.fits)) if self.remaining else budget

    @property
    def gpu_hours(self) -> float:
        """GPU hours of what fits."""
        return self.cost.seconds * self.gpus / HOUR


def device_of(resources: Resources) -> str:
    """What trials compute on if they run on this machine."""
    return next(iter(gpus()), processor()) if resources.each["GPU"] else processor()


def encoders_in(storage: StoragePath) -> set[str]:
    """The encoders that are finished there."""
    store = storage / "encoders"
    there = isinstance(store, RemotePath) or store.is_dir()
    return {path.name for path in store.iterdir() if "." not in path.name} if there else set()


def measure(plan: Plan, samples: Prices) -> list[str]:
    """Tries one batch of every shape that has no price, on this machine; what was tried, for a person.

    Raises UserError, TrialError as the trials themselves would.
    """
    import torch

    from probeline.training.device import CPU
    from probeline.training.throughput import seconds_per_sample

    if plan.experiment.resources.workers > 1:
        return ["not measured: a trial of several workers is priced by one that has finished"]
    on_gpu = plan.experiment.resources.each["GPU"] and torch.cuda.is_available()
    device, lines = torch.device("cuda", 0) if on_gpu else CPU, []
    for trial in planned_tuning_trials.trials(plan):
        of = shape(trial, plan.experiment.resources)
        if images_of(plan, trial) and not samples.knows_training(of):
            seconds = seconds_per_sample(trial, device)
            samples.learn(of, seconds)
            lines.append(f"measured {trial.cell.label}: {1000 * seconds:.2g} ms a sample")
    return lines


def images_of(plan: Plan, trial: Trial) -> int | None:
    """Images, pairs or windows that a trial trains on, all epochs together; None where only the training tells.

    The last, incomplete batch of an epoch is left out.
    """
    training, epoch = trial.cell.recipe.training, plan.epoch_size(trial)
    if not training.epochs:
        return 0
    return None if epoch is None else training.epochs * (epoch.count // training.batch_size) * training.batch_size


def forecast(plan: Plan, samples: Prices, cluster: Cluster, budget: Budget, ready: set[str]) -> Forecast:
    """The longest start of a run's order that fits. What has no price counts as nothing: the clock will hold it.

    A start, and not whatever is cheap enough: so a thin comparison stays a fair one.
    """
    resources, todo = plan.experiment.resources, planned_tuning_trials.trials(plan)
    prices = prices_of(todo, resources, samples, lambda trial: images_of(plan, trial), ready)
    slots = cluster.slots(resources)
    clock = ends([price.seconds for price in prices], slots)
    fitting, spent, gpus = 0, 0.0, resources.all["GPU"]
    for index, price in enumerate(prices):
        spent += price.seconds * gpus
        if _exceeds(budget, index + 1, clock[index], spent):
            break
        fitting += 1
    encoders = {trial.encoder_id for trial in todo}
    return Forecast(
        fits=todo[:fitting],
        remaining=todo[fitting:],
        prices=prices,
        cost=total(prices[:fitting]),
        clock=max(clock[:fitting], default=0.0),
        slots=slots,
        gpus=gpus,
        ready=len(encoders & ready),
        elsewhere=tuple(sorted(samples.elsewhere)),
    )


def make(
    plan: Plan, uri: str, storage: StoragePath, cluster: str | None, budget: Budget, *, measured: bool = False
) -> tuple[Forecast, list[str]]:
    """The forecast of a plan from what MLflow and the storage hold; and what was measured for it, if it should be."""
    samples = Prices(costs(uri), device_of(plan.experiment.resources))
    measurements = measure(plan, samples) if measured else []
    return forecast(plan, samples, Cluster.parse(cluster), budget, encoders_in(storage)), measurements


def _exceeds(budget: Budget, count: int, clock: float, gpu_seconds: float) -> bool:
    return (
        (budget.max_trials is not None and count > budget.max_trials)
        or (budget.max_hours is not None and clock > budget.max_hours * HOUR)
        or (budget.max_gpu_hours is not None and gpu_seconds > budget.max_gpu_hours * HOUR)
    )


def text(result: Forecast, plan: Plan) -> str:
    """The forecast for a person."""
    todo = [*result.fits, *result.remaining]
    if not todo:
        return "price: nothing is left to run"
    cost, workers = result.cost, plan.experiment.resources.workers
    of = "one worker" if workers == 1 else f"{workers} workers together"
    encoders = len({trial.encoder_id for trial in todo})
    lines = [f"encoders: {encoders - result.ready} to train, {result.ready} ready"]
    if cost.unknown == len(result.fits) and not any(price.parts for price in result.prices):
        lines.append("price: unknown; nothing of this shape has finished here (--measure tries one batch of each)")
    else:
        lines.append(f"price: {_amount(cost)} of {of}{_unknown(result)}")
        lines.append(f"by the clock: about {duration(result.clock)} with {result.slots} at once{_at_least(result)}")
        lines += [f"GPU hours: about {result.gpu_hours:.2g}{_at_least(result)}"] if result.gpus else []
    if result.elsewhere:
        lines.append(f"note: measured on {', '.join(result.elsewhere)}, not on this machine")
    return "\n".join(lines + left_text(result))


def left_text(result: Forecast) -> list[str]:
    """What does not fit, by name."""
    if not result.remaining:
        return []
    lines = [
        f"the budget holds {len(result.fits)} of {len(result.fits) + len(result.remaining)}; left for the next run:"
    ]
    counts = tuning_of(result.remaining)
    lines += [f"  {printable(label)}: {count} tuning trials" for label, count in list(counts.items())[:NAMED]]
    reported = [trial for trial in result.remaining if trial.judged_on == "test"]
    lines += [f"  {printable(trial.cell.label)} seed={trial.seed}" for trial in reported[:NAMED]]
    more = max(0, len(reported) - NAMED) + sum(list(counts.values())[NAMED:])
    return lines + ([f"  and {more} trials more (plan --json names all)"] if more else [])


def tuning_of(trials: Sequence[Trial]) -> dict[str, int]:
    """How many tuning trials there are for each cell, by its label."""
    return dict(Counter(trial.cell.label for trial in trials if trial.judged_on == "validation"))


def as_dict(result: Forecast) -> dict[str, Any]:
    """The forecast as JSON-able values; times in seconds, null where unknown."""
    cost = asdict(result.cost)
    return {
        "fits": [trial.id for trial in result.fits if trial.judged_on == "test"],
        "left": [trial.id for trial in result.remaining if trial.judged_on == "test"],
        "tuning_trials": {"fit": tuning_of(result.fits), "left": tuning_of(result.remaining)},
        "encoders_ready": result.ready,
        "worker_seconds": {"mean": cost["seconds"], "half_width_95": cost["half_width"]},
        "unknown": cost["unknown"],
        "clock_seconds": result.clock,
        "at_once": result.slots,
        "gpu_hours": result.gpu_hours,
        "measured_elsewhere": list(result.elsewhere),
    }


def _amount(cost: Total) -> str:
    around = "roughly " if cost.rough else "about "
    if cost.half_width is None:
        return f"{around}{duration(cost.seconds)} (one measurement each: no interval)"
    low, high = max(0.0, cost.seconds - cost.half_width), cost.seconds + cost.half_width
    return f"{around}{duration(cost.seconds)} (95% interval {duration(low)} to {duration(high)})"


def _unknown(result: Forecast) -> str:
    if not result.cost.unknown:
        return ""
    reasons: Mapping[str, int] = {}
    for price in result.prices[: len(result.fits)]:
        if price.left_out:
            reasons = {**reasons, price.left_out: reasons.get(price.left_out, 0) + 1}
    return f", without what is unknown ({in_words({f'x {what}': count for what, count in reasons.items()})})"


def _at_least(result: Forecast) -> str:
    return ", at least" if result.cost.unknown else ""
