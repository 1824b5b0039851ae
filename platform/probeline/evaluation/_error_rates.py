"""Error rates of a comparison: false matches and false non-matches over all thresholds, and numbers read off them.

Scores are higher for pairs that are more alike; a pair is accepted where its score is at least the threshold. Pairs of
equal scores are accepted together. ISO/IEC 19795-1 has the terms: FMR is the share of unequal pairs that is accepted,
FNMR the share of equal pairs that is not.
"""

from dataclasses import dataclass

import numpy as np

from probeline.errors import NotApplicable

RESAMPLES_AT_ONCE = 64


@dataclass(frozen=True)
class ErrorRates:
    """FMR and FNMR [T] at falling thresholds [T], from none accepted (infinite) to all."""

    thresholds: np.ndarray
    fmr: np.ndarray
    fnmr: np.ndarray


def error_rates(scores: np.ndarray, same: np.ndarray) -> ErrorRates:
    """scores: float [P]; same: bool [P].

    Raises:
        NotApplicable: there are no equal pairs, or no unequal ones, or a score is not a number.
    """
    require_both(scores, same)
    order, ends = _falling(scores)
    answers = same[order]
    fmr = np.cumsum(~answers)[ends] / (~same).sum()
    fnmr = 1 - np.cumsum(answers)[ends] / same.sum()
    return ErrorRates(
        np.concatenate([[np.inf], scores[order][ends]]), np.concatenate([[0.0], fmr]), np.concatenate([[1.0], fnmr])
    )


def require_both(scores: np.ndarray, same: np.ndarray) -> None:
    """Raises NotApplicable unless there are pairs of both kinds with finite scores."""
    equal, unequal = int(same.sum()), int((~same).sum())
    if not equal or not unequal:
        raise NotApplicable(f"error rates need equal and unequal pairs; there are {equal} and {unequal}")
    wrong = int((~np.isfinite(scores)).sum())
    if wrong:
        raise NotApplicable(f"{wrong} of {len(scores)} scores are not finite, so pairs cannot be ordered by them")


def equal_error_rate(rates: ErrorRates) -> float:
    """Where FMR and FNMR are equal, on straight lines between neighbouring thresholds; 0.5 where all scores are."""
    return float(_crossing(rates.fmr[None], rates.fnmr[None])[0])


def area_under_curve(scores: np.ndarray, same: np.ndarray) -> float:
    """The probability that an equal pair scores higher than an unequal one; a tie counts half (Mann and Whitney)."""
    from scipy.stats import rankdata

    ranks, equal = rankdata(scores), int(same.sum())
    return float((ranks[same].sum() - equal * (equal + 1) / 2) / (equal * (len(same) - equal)))


def fnmr_at(rates: ErrorRates, fmr: float) -> float:
    """The least FNMR of the thresholds whose FMR is at most `fmr`; 1 where only to accept none is."""
    return float(rates.fnmr[rates.fmr <= fmr].min())


def min_detection_cost(rates: ErrorRates, target: float) -> float:
    """The least detection cost of all thresholds, over that of the better of accepting all and none: 0 to 1.

    Both errors cost 1 and a share `target` of the trials is of one speaker (NIST 2010 Speaker Recognition Evaluation
    plan, section 4: P FNMR + (1 - P) FMR).
    """
    cost = target * rates.fnmr + (1 - target) * rates.fmr
    return float(cost.min() / min(target, 1 - target))


def rejected_at(rates: ErrorRates, accepted: float) -> float:
    """The largest share of unequal pairs rejected, of the thresholds that accept at least the share `accepted` of the
    equal ones."""
    return float(1 - rates.fmr[1 - rates.fnmr >= accepted - 1e-12].min())


def best_threshold(scores: np.ndarray, same: np.ndarray) -> float:
    """The threshold with most pairs right, midway between two scores; of several the middle one."""
    rates = error_rates(scores, same)
    right = same.sum() * (1 - rates.fnmr) + (~same).sum() * (1 - rates.fmr)
    best = np.flatnonzero(right >= right.max() - 1e-9)
    number = int(best[len(best) // 2])
    above = rates.thresholds[number]
    below = rates.thresholds[number + 1] if number + 1 < len(rates.thresholds) else scores.min() - 1.0
    return float((above + below) / 2) if np.isfinite(above) else float(scores.max() + 1.0)


def accuracy_at(scores: np.ndarray, same: np.ndarray, threshold: float) -> float:
    """The share of pairs that a threshold decides right."""
    return float(((scores >= threshold) == same).mean())


def mean_over_groups(scores: np.ndarray, same: np.ndarray, groups: np.ndarray) -> float | None:
    """The mean of the groups' own equal error rates, each with a threshold of its own; None where a group lacks a kind.

    groups: int [P].
    """
    rates = []
    for group in np.unique(groups):
        own = groups == group
        if same[own].all() or not same[own].any():
            return None
        rates.append(equal_error_rate(error_rates(scores[own], same[own])))
    return float(np.mean(rates))


def bootstrap_interval(
    scores: np.ndarray, same: np.ndarray, groups: np.ndarray, resamples: int, level: float = 0.95
) -> tuple[float, float] | None:
    """The percentile interval of the equal error rate over groups drawn with replacement; None with fewer than two.

    Pairs of one writer or person are not independent, so whole groups are drawn, always the same ones.
    """
    names, own = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        return None
    order, ends = _falling(scores)
    random, rates = np.random.Generator(np.random.PCG64(0)), []
    for start in range(0, resamples, RESAMPLES_AT_ONCE):
        count = min(RESAMPLES_AT_ONCE, resamples - start)
        times = random.multinomial(len(names), np.full(len(names), 1 / len(names)), size=count)
        weights = times[:, own[order]].astype(np.float64)
        equal, unequal = (np.cumsum(weights * kind, axis=1)[:, ends] for kind in (same[order], ~same[order]))
        whole = (equal[:, -1] > 0) & (unequal[:, -1] > 0)
        equal, unequal = equal[whole] / equal[whole, -1:], unequal[whole] / unequal[whole, -1:]
        none = np.zeros((len(equal), 1))
        rates.append(_crossing(np.hstack([none, unequal]), np.hstack([none + 1, 1 - equal])))
    low, high = np.quantile(np.concatenate(rates), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _falling(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The order of falling scores, and the last position of each distinct one."""
    order = np.argsort(-scores, kind="stable")
    return order, np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)


def _crossing(fmr: np.ndarray, fnmr: np.ndarray) -> np.ndarray:
    """[R] the rates where the lines through fmr and fnmr [R, T] cross; fmr rises from 0 to 1 and fnmr falls to 0."""
    after = np.argmax(fmr >= fnmr, axis=1)
    rows = np.arange(len(fmr))
    before = np.maximum(after - 1, 0)
    gap = fnmr[rows, before] - fmr[rows, before]
    beyond = fmr[rows, after] - fnmr[rows, after]
    share = np.divide(gap, gap + beyond, out=np.zeros_like(gap), where=gap + beyond > 0)
    return fmr[rows, before] + share * (fmr[rows, after] - fmr[rows, before])
