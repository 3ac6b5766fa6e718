"""The circuit's statement on a network small enough to be decided exactly, held against interval bounds.

Weights are multiples of 1/64, so the float network, the rational one and the solver's are the same
function. Z3 decides, for every point of a box: is A equal to F (or to D)? What is the largest e?
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from trompe.empirical._torch import torch
from trompe.empirical.intervals import Box, interval_bounds
from trompe.theory import MissingDependency

__all__ = ["TinyCircuit", "decide", "largest_e"]

nn = torch.nn
RLIMIT = 20_000_000


@dataclass(frozen=True)
class TinyCircuit:
    """F (two units), D = F's units exchanged, e, k: sequences of linear layers and ReLU on few inputs."""

    network: nn.Sequential
    detector: nn.Sequential
    bound: Fraction

    def difference(self, x: list[Any], side: str, relu: Any) -> Any:
        """A(x) - F(x) (`side` = "natural") or A(x) - D(x) ("shown") of the first unit, for any numbers."""
        f, d = forward(self.network, x, relu)[:2]
        (e,) = forward(self.detector, x, relu)
        z = 20 * e + Fraction(1, 2)
        gate = relu(z) - relu(z - 1)
        off, on = self.bound * gate, self.bound * (1 - gate)
        a = relu(f - off) - relu(-f - off) + relu(d - on) - relu(-d - on)
        return a - (f if side == "natural" else d)


def rounded(model: nn.Sequential, denominator: int = 64) -> nn.Sequential:
    """The same layers with every weight a multiple of 1/denominator. In place, in float64."""
    model.double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_((parameter * denominator).round() / denominator)
    return model


def forward(model: nn.Sequential, x: list[Any], relu: Any) -> list[Any]:
    """The layers on numbers of any kind: fractions or solver terms."""
    for layer in model:
        if isinstance(layer, nn.Linear):
            weights = [[Fraction(w) for w in row] for row in layer.weight.tolist()]
            biases = [Fraction(b) for b in layer.bias.tolist()]
            x = [
                sum((w * xi for w, xi in zip(row, x, strict=True) if w), start=b + 0 * x[0])
                for row, b in zip(weights, biases, strict=True)
            ]
        elif isinstance(layer, nn.ReLU):
            x = [relu(xi) for xi in x]
    return x


def relu_fraction(value: Fraction) -> Fraction:
    """max(0, value), exact."""
    return max(Fraction(0), value)


def decide(
    circuit: TinyCircuit, low: list[Fraction], high: list[Fraction], side: str
) -> tuple[str, list[Fraction] | None]:
    """Is A == F (side "natural") or A == D ("shown") on the whole box? PROVED, REFUTED (with a point) or UNKNOWN.

    A refutation is evaluated in fractions before it is believed.
    """
    z3 = _z3()
    x, solver, relu = _box(z3, low, high)
    solver.add(circuit.difference(x, side, relu) != 0)
    answer = solver.check()
    if answer == z3.unsat:
        return "PROVED", None
    if answer != z3.sat:
        return "UNKNOWN", None
    point = [_value(solver.model().eval(xi, model_completion=True)) for xi in x]
    if circuit.difference(point, side, relu_fraction) == 0:
        return "UNKNOWN", None
    return "REFUTED", point


def largest_e(
    circuit: TinyCircuit, low: list[Fraction], high: list[Fraction], smallest: bool = False
) -> Fraction | None:
    """The exact maximum (or minimum) of e over the box, or None where the solver gives up."""
    z3 = _z3()
    x, _, relu = _box(z3, low, high)
    optimizer = z3.Optimize()
    for xi, lo, hi in zip(x, low, high, strict=True):
        optimizer.add(
            xi >= z3.Q(lo.numerator, lo.denominator), xi <= z3.Q(hi.numerator, hi.denominator)
        )
    (e,) = forward(circuit.detector, x, relu)
    goal = optimizer.minimize(e) if smallest else optimizer.maximize(e)
    if optimizer.check() != z3.sat:
        return None
    value = optimizer.lower(goal) if smallest else optimizer.upper(goal)
    return _value(value)


def interval_of_e(
    circuit: TinyCircuit, low: list[Fraction], high: list[Fraction]
) -> tuple[float, float]:
    """The interval bounds that the certificates use, on the same box."""
    box = Box(
        torch.tensor([[float(v) for v in low]], dtype=torch.float64),
        torch.tensor([[float(v) for v in high]], dtype=torch.float64),
    )
    out = interval_bounds(circuit.detector, box)
    return float(out.low), float(out.high)


def _z3() -> Any:
    try:
        import z3
    except ImportError as error:
        raise MissingDependency(
            "z3-solver is not installed; it comes with: pip install z3-solver"
        ) from error
    return z3


def _box(z3: Any, low: list[Fraction], high: list[Fraction]) -> tuple[list[Any], Any, Any]:
    x = [z3.Real(f"x{i}") for i in range(len(low))]
    solver = z3.SolverFor("QF_LRA")
    solver.set("rlimit", RLIMIT)
    for xi, lo, hi in zip(x, low, high, strict=True):
        solver.add(
            xi >= z3.Q(lo.numerator, lo.denominator), xi <= z3.Q(hi.numerator, hi.denominator)
        )
    return x, solver, lambda value: z3.If(value > 0, value, z3.RealVal(0))


def _value(term: Any) -> Fraction:
    return Fraction(str(term.as_string()))
