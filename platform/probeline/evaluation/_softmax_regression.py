"""Multinomial logistic regression by truncated Newton steps, on the device that holds the features.

Each step solves for the Newton direction by conjugate gradients, without the Hessian itself: Nocedal and Wright,
Numerical Optimization, 2nd edition, algorithm 7.1; when to stop them is Nash and Sofer's test, 1990.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

ENOUGH_CG = 0.1
"""Conjugate gradients end when iteration j gains less than this share of the mean gain of the j so far."""

SUFFICIENT_DECREASE = 1e-4
SHORTEST_STEP = 2.0**-20


@dataclass(frozen=True)
class SoftmaxRegression:
    """`weight` [D + 1, K]; the last row is the bias. `converged`: whether the tolerance ended the search."""

    weight: Tensor
    converged: bool = True

    def probabilities(self, x: Tensor) -> Tensor:
        """[N, K] for x: [N, D]."""
        return scores(x, self.weight).softmax(1)


def fit(
    x: Tensor,
    labels: Tensor,
    classes: int,
    l2: float,
    start: SoftmaxRegression | None = None,
    iterations: int = 2000,
    tolerance: float = 1e-3,
) -> SoftmaxRegression:
    """Minimises mean cross entropy + l2/2 * |W|^2; the bias is not penalised.

    The same objective as scikit-learn's `LogisticRegression(C=1 / (N * l2))`. The steps are preconditioned by an
    estimate of the Hessian's diagonal, which is good where the features are uncorrelated (`principal_axes`).

    Args:
        x: [N, D] features of mean 0; labels: [N] in 0..classes-1.
        start: where to begin, such as the solution for a neighbouring l2.
        iterations: passes over x at most, for the objective, its gradient or a product with its Hessian.
        tolerance: the search ends with the step that should lower the objective by no more than this share of it.

    Returns:
        The fitted model, on x's device and in its precision; the same inputs give the same result.
    """
    problem = _Problem(x, labels, classes, l2)
    point = problem.at(x.new_zeros(x.shape[1] + 1, classes) if start is None else start.weight)
    passes = 1
    while passes < iterations:
        curvature = _Curvature(problem, point)
        direction, gain, used = _newton_direction(curvature, iterations - passes)
        nearly = gain <= tolerance * point.value
        slope = float((curvature.gradient * direction).sum())
        following, tried = _line_search(problem, point, direction, slope)
        passes += used + tried
        stuck = following is None  # rounding, as the objective falls along a Newton direction
        point = point if following is None else following
        if nearly or stuck:
            return SoftmaxRegression(point.weight, converged=nearly)
    return SoftmaxRegression(point.weight, converged=False)


def scores(x: Tensor, weight: Tensor) -> Tensor:
    """x: [N, D] W + b for `weight` [D + 1, K] -> [N, K]."""
    return torch.addmm(weight[-1], x, weight[:-1])


@dataclass(frozen=True)
class _Point:
    """Weights [D + 1, K], the objective there, each sample's loss [N] and its margins [N, K].

    A margin is a class's score over that of the sample's own class, whose own is -inf. Probabilities and losses made
    of margins are right to float32's relative precision even where a loss is 1e-6.
    """

    weight: Tensor
    value: float
    losses: Tensor
    margins: Tensor


class _Problem:
    """The objective of features [N, D], labels [N] and a penalty."""

    def __init__(self, x: Tensor, labels: Tensor, classes: int, l2: float) -> None:
        self.x, self.own = x, labels[:, None]
        self.penalty = torch.cat([x.new_full((x.shape[1], 1), l2), x.new_zeros(1, 1)])
        self.squares = torch.cat([x.square().mean(0), x.new_ones(1)])[:, None]

    def at(self, weight: Tensor) -> _Point:
        """The objective at `weight`: it costs a pass over x."""
        margins = scores(self.x, weight)
        margins.sub_(margins.gather(1, self.own)).scatter_(1, self.own, -torch.inf)
        losses = F.softplus(margins.logsumexp(1))
        value = losses.double().mean() + 0.5 * (self.penalty * weight).double().mul(weight).sum()
        return _Point(weight, float(value), losses, margins)

    def carried_back(self, residual: Tensor) -> Tensor:
        """[1 x]^T residual / N: [D + 1, K] of [N, K]."""
        return torch.cat([self.x.T @ residual, residual.sum(0, keepdim=True)]) / len(self.x)


class _Curvature:
    """The gradient at a point, [D + 1, K], products with the Hessian there, and an estimate of its diagonal."""

    def __init__(self, problem: _Problem, point: _Point) -> None:
        self.problem = problem
        residual = (point.margins - point.losses[:, None]).exp_()  # of the own class 0, not yet its p - 1
        residual.scatter_(1, problem.own, -residual.sum(1, keepdim=True))
        self.gradient = problem.carried_back(residual) + problem.penalty * point.weight
        self.probabilities = residual.scatter_(1, problem.own, (-point.losses).exp()[:, None])
        variance = self.probabilities.mean(0) - self.probabilities.square().mean(0)
        self.diagonal = (problem.squares * variance + problem.penalty).clamp(min=torch.finfo(variance.dtype).eps ** 2)

    def times(self, direction: Tensor) -> Tensor:
        """The Hessian times a direction [D + 1, K]: it costs a pass over x."""
        change = scores(self.problem.x, direction).mul_(self.probabilities)
        change.addcmul_(self.probabilities, change.sum(1, keepdim=True), value=-1)
        return self.problem.carried_back(change) + self.problem.penalty * direction


def _newton_direction(curvature: _Curvature, iterations: int) -> tuple[Tensor, float, int]:
    """A direction [D + 1, K], how far it lowers the quadratic model of the objective, and the passes it took."""
    gradient = curvature.gradient
    direction, residual, gain = torch.zeros_like(gradient), -gradient, 0.0
    search = residual / curvature.diagonal
    energy = (residual * search).sum()
    for iteration in range(1, iterations + 1):
        image = curvature.times(search)
        bend = (search * image).sum()
        if not bend > 0:  # the gradient has vanished, or no more than rounding is left of it
            return direction, gain, iteration
        direction, residual = direction + energy / bend * search, residual - energy / bend * image
        before, gain = gain, float(0.5 * (direction * (residual - gradient)).sum())
        if not iteration * (gain - before) > ENOUGH_CG * gain:
            return direction, gain, iteration
        preconditioned = residual / curvature.diagonal
        energy, last = (residual * preconditioned).sum(), energy
        search = preconditioned + energy / last * search
    return direction, gain, iterations


def _line_search(problem: _Problem, point: _Point, direction: Tensor, slope: float) -> tuple[_Point | None, int]:
    """The first of the full, half, quarter... step that lowers the objective enough, or None; and the passes taken."""
    length, passes = 1.0, 0
    while length >= SHORTEST_STEP:
        following, passes = problem.at(point.weight + length * direction), passes + 1
        if following.value <= point.value + SUFFICIENT_DECREASE * length * slope:
            return following, passes
        length /= 2
    return None, passes


def principal_axes(x: Tensor) -> Tensor:
    """The rotation [D, D] after which the features x: [N, D] are uncorrelated.

    A rotation changes neither the objective of `fit` nor its solution's predictions, only how fast it is reached.
    """
    return torch.linalg.eigh(x.T @ x / len(x)).eigenvectors
