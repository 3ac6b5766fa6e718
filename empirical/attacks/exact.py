"""The circuit's statement on a network small enough to be decided exactly, held against interval bounds.

Weights are multiples of 1/64, so the float network, the rational one and the solvers' are the same
function. Each question is an SMT-LIB 2 script in linear arithmetic that goes to every solver of
`trompe.proofs`: is A equal to F (or to D) at every point of a box? Is e nowhere above a value?
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from trompe.empirical._torch import torch
from trompe.empirical.attacks.circuit import joined, ramp
from trompe.empirical.networks.intervals import Box, interval_bounds
from trompe.theory import MissingDependency

nn = torch.nn
Corner = Sequence[Fraction]
Point = list[Fraction]
SOLVERS = ("z3", "cvc5")


@dataclass(frozen=True)
class Decision:
    """PROVED: every solver says `unsat` to the negation. REFUTED: at a point that was evaluated in fractions."""

    verdict: Literal["PROVED", "REFUTED", "UNKNOWN"]
    script: str
    point: Point | None = None
    reason: str = ""


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
        a = joined(f, d, ramp(e, relu, Fraction(1, 2)), self.bound, relu)
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
            x = [_sum(row, x, b) for row, b in zip(weights, biases, strict=True)]
        elif isinstance(layer, nn.ReLU):
            x = [relu(xi) for xi in x]
    return x


def _sum(weights: list[Fraction], x: list[Any], bias: Fraction) -> Any:
    terms = [w * xi for w, xi in zip(weights, x, strict=True) if w]
    return sum(terms[1:], start=terms[0]) + bias if terms else 0 * x[0] + bias


def relu_fraction(value: Fraction) -> Fraction:
    """max(0, value), exact."""
    return max(Fraction(0), value)


def decide(circuit: TinyCircuit, low: Corner, high: Corner, side: str) -> Decision:
    """Is A == F (side "natural") or A == D ("shown") on the whole box?

    A solver's point against it is evaluated in fractions before it is believed.
    """
    x = _symbols(len(low))
    other = "F" if side == "natural" else "D"
    text = script_of(
        {f"A differs from {other}": circuit.difference(x, side, _relu) != 0}, low, high,
        f"fooling circuit of 4 inputs: A == {other} on a box; unsat proves it",
    )  # fmt: skip

    def refutes(point: Point) -> bool:
        return circuit.difference(point, side, relu_fraction) != 0

    return _ask(text, low, high, refutes)


def largest_e(
    circuit: TinyCircuit, low: Corner, high: Corner, smallest: bool = False
) -> Fraction | None:
    """The exact maximum (or minimum) of e over the box, or None where a solver gives up.

    Z3's optimiser names a point. Its value, in fractions, is the extreme if every solver proves that e is
    nowhere beyond it.
    """
    z3 = _z3()
    x = _symbols(len(low))
    optimizer = z3.Optimize()
    optimizer.add(*_inside(x, low, high).values())
    (e,) = forward(circuit.detector, x, _relu)
    (optimizer.minimize if smallest else optimizer.maximize)(e)
    if optimizer.check() != z3.sat:
        return None
    model = optimizer.model()
    point = _point({str(xi): str(model.eval(xi, model_completion=True)) for xi in x}, low, high)
    if point is None:
        return None
    (value,) = forward(circuit.detector, point, relu_fraction)
    beyond = e < _number(value) if smallest else e > _number(value)
    text = script_of(
        {"e beyond the value": beyond}, low, high, "detector of 4 inputs: its extreme over a box; unsat proves it"
    )  # fmt: skip

    def refutes(other: Point) -> bool:
        (at,) = forward(circuit.detector, other, relu_fraction)
        return at < value if smallest else at > value

    return value if _ask(text, low, high, refutes).verdict == "PROVED" else None


def script_of(claims: dict[str, Any], low: Corner, high: Corner, says: str) -> str:
    """One question about the points of a box, as text that any solver reads."""
    try:
        from trompe.proofs.smt import script
    except ImportError as error:
        raise _no_solver(error) from error
    x = _symbols(len(low))
    names = [str(xi) for xi in x]
    return script(_inside(x, low, high) | claims, names, "QF_LRA", says)


def _ask(text: str, low: Corner, high: Corner, refutes: Any) -> Decision:
    """Every solver's answer: all must say `unsat`; one confirmed point refutes."""
    from trompe.proofs.solvers import available, solve

    for name in SOLVERS:
        available(name)
    answers = [solve(name, text) for name in SOLVERS]
    for answer in answers:
        point = _point(answer.point, low, high) if answer.result == "sat" else None
        if point is not None and refutes(point):
            return Decision("REFUTED", text, point, f"{answer.solver} found a point")
    for answer in answers:
        if answer.result != "unsat":
            why = answer.reason or "its point is not confirmed in fractions"
            return Decision("UNKNOWN", text, reason=f"{answer.solver}: {why}")
    return Decision("PROVED", text)


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
        raise _no_solver(error) from error
    return z3


def _no_solver(error: ImportError) -> MissingDependency:
    return MissingDependency(
        f"{error.name} is not installed; it comes with: pip install 'trompe[solvers]'"
    )


def _symbols(count: int) -> list[Any]:
    z3 = _z3()
    return [z3.Real(f"x{i}") for i in range(count)]


def _number(value: Fraction) -> Any:
    return _z3().Q(value.numerator, value.denominator)


def _relu(value: Any) -> Any:
    z3 = _z3()
    return z3.If(value > 0, value, z3.RealVal(0))


def _inside(x: list[Any], low: Corner, high: Corner) -> dict[str, Any]:
    z3 = _z3()
    return {
        f"{xi} in the box": z3.And(xi >= _number(lo), xi <= _number(hi))
        for xi, lo, hi in zip(x, low, high, strict=True)
    }


def _point(values: dict[str, str], low: Corner, high: Corner) -> Point | None:
    """The point that a solver names, if its coordinates can be read and lie in the box."""
    point = [rational(values.get(f"x{i}", "")) for i in range(len(low))]
    known = [q for q in point if q is not None]
    inside = len(known) == len(point) and all(
        lo <= q <= hi for lo, q, hi in zip(low, known, high, strict=True)
    )
    return known if inside else None


def rational(text: str) -> Fraction | None:
    """A number as Z3 (`-1/2`) or cvc5 (`(- (/ 1 2))`, `(/ (- 1) 2)`) prints it."""
    digits = re.findall(r"\d+(?:\.\d+)?", text)
    if not 1 <= len(digits) <= 2 or re.sub(r"[\d.\s()/-]", "", text):
        return None
    below = Fraction(digits[1]) if len(digits) == 2 else Fraction(1)
    sign = -1 if text.count("-") % 2 else 1
    return sign * Fraction(digits[0]) / below if below else None
