"""The compiler's gadgets, and compiled networks against the formulas they come from."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from trompe.constructions import pair_networks, triple
from trompe.constructions.catalogue import example
from trompe.proofs.obligations import Claim, Fault, Scope, all_of, implies, obligation
from trompe.proofs.pieces import in_box
from trompe.theory import Dataset, EmpiricalRiskMinimizer, FunctionClass

GADGETS = ("network/abs", "network/max", "network/min", "network/carry")
TRANSLATIONS = {"neural-network": ("network/hats",), "erm": ("network/hats-with-data",)}
TWO_UNITS = ("network/two-units",)


def _relu(s: Scope, u: Any) -> Any:
    return s.xp.maximum(s.xp.number(0), u)


@obligation("network/abs", "|u| = relu(u) + relu(-u)")
def _abs(s: Scope) -> Claim:
    (u,) = s.reals("u")
    return Claim(
        {},
        s.xp.abs(u) == _relu(s, u) + _relu(s, -u),
        Fault("one unit only", show=s.xp.abs(u) == _relu(s, u)),
    )


@obligation("network/max", "max(u, v) = u + relu(v - u)")
def _max(s: Scope) -> Claim:
    u, v = s.reals("u v")
    return Claim(
        {},
        s.xp.maximum(u, v) == u + _relu(s, v - u),
        Fault("v for u", show=s.xp.maximum(u, v) == v + _relu(s, v - u)),
    )


@obligation("network/min", "min(u, v) = u - relu(u - v)")
def _min(s: Scope) -> Claim:
    u, v = s.reals("u v")
    return Claim(
        {},
        s.xp.minimum(u, v) == u - _relu(s, u - v),
        Fault("the sign", show=s.xp.minimum(u, v) == u + _relu(s, u - v)),
    )


@obligation(
    "network/carry",
    "u = relu(u - low) + low where low <= u: one unit carries a signal through a layer",
)
def _carry(s: Scope) -> Claim:
    u, low = s.reals("u low")
    return Claim(
        {"low <= u": low <= u},
        _relu(s, u - low) + low == u,
        Fault("low need not be a bound", without="low <= u"),
    )


@obligation("network/relu-is-piecewise-affine", "relu(u) is 0 where u <= 0 and u where u >= 0")
def _relu_pieces(s: Scope) -> Claim:
    (u,) = s.reals("u")
    return Claim(
        {},
        all_of([implies(u <= 0, _relu(s, u) == 0), implies(u >= 0, _relu(s, u) == u)]),
        Fault("u everywhere", show=_relu(s, u) == u),
    )


def _translation(
    key: str,
    row: str,
    says: str,
    widths: Callable[[int, Any], tuple[int, ...]],
    cut: Callable[[Any], FunctionClass] = lambda cls: cls,
) -> None:
    @obligation(key, says, per_dim=True)
    def _build(s: Scope, d: int) -> Claim:
        case = example(row, d)
        cls = cut(case.cls)
        pair = triple(cls, case.v, case.x).pair(Fraction(1, 10))
        z = s.point("z", d)
        f_net, g_net = pair_networks(pair)
        f, g = (pair.evaluate(z, s.xp, which) for which in ("upper", "lower"))
        shape = [net.widths == widths(d, cls) for net in (f_net, g_net)]
        return Claim(
            {"z in the box": in_box(z)},
            all_of([f_net.evaluate(z, s.xp) == f, g_net.evaluate(z, s.xp) == g, *shape]),
            Fault("the network of g for f", show=g_net.evaluate(z, s.xp) == f),
        )


def _one_training_point(cls: EmpiricalRiskMinimizer) -> FunctionClass:
    """Two cost a second at d = 3."""
    return EmpiricalRiskMinimizer(Dataset(cls.data.inputs[:1], cls.data.labels[:1]))


_translation(
    "network/hats",
    "neural-network",
    "the networks compiled from f and g of the example instance equal them on the box; "
    "two hidden layers of 6 d and 3 units",
    lambda d, cls: (6 * d, 3),
)
_translation(
    "network/hats-with-data",
    "erm",
    "the networks compiled from f and g of the example instance, cut to n = 1 training point, equal them "
    "on the box; two hidden layers of 2 d (n+3) and n+3 units (none is shared in this instance)",
    lambda d, cls: (2 * d * (len(cls.data) + 3), len(cls.data) + 3),
    _one_training_point,
)
_translation(
    "network/two-units",
    "monotone",
    "the networks compiled from the monotone f and g of the example instance equal them on the box; "
    "one hidden layer of two units",
    lambda d, cls: (2,),
)
