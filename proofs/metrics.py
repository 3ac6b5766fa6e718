"""The metrics l1, l2, linf are metrics, and what half-way points are."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, product
from typing import Any

from trompe.proofs.obligations import Claim, Fault, Scope, all_of, any_of, obligation
from trompe.proofs.pieces import same_point
from trompe.proofs.symbolic import Identity, register
from trompe.theory.functionals import METRICS

METRIC_FACTS = {
    key: (
        f"{key}/definition",
        f"{key}/separates",
        f"{key}/symmetric",
        *triangle,
        "metric/reverse-triangle",
    )
    for key, triangle in {
        "l1": ("l1/triangle",),
        "linf": ("linf/triangle",),
        "l2": ("l2/lagrange", "l2/cauchy-schwarz", "l2/square-of-sum", "l2/triangle"),
    }.items()
}
"""Per metric, the sentences that make it a metric."""

MIDPOINTS = tuple(f"{key}/half-way" for key in METRICS)


def _is_l1(s: Scope, r: Any, gaps: list[Any]) -> Any:
    """r is the largest of the sums of +- gaps, which is the sum of their absolute values."""
    signed = product((1, -1), repeat=len(gaps))
    sums = [s.xp.sum([k * g for k, g in zip(signs, gaps, strict=True)]) for signs in signed]
    return all_of([*(r >= q for q in sums), any_of(r == q for q in sums)])


def _is_l2(s: Scope, r: Any, gaps: list[Any]) -> Any:
    return all_of([r >= 0, r * r == s.xp.sum([g * g for g in gaps])])


def _is_linf(s: Scope, r: Any, gaps: list[Any]) -> Any:
    signed = [k * g for g in gaps for k in (1, -1)]
    return all_of([*(r >= q for q in signed), any_of(r == q for q in signed)])


_DEFINITIONS = {
    "l1": ("the largest sum of +-(y_i - z_i)", _is_l1),
    "l2": ("at least 0, and its square is the sum of (y_i - z_i)^2", _is_l2),
    "linf": ("the largest of the +-(y_i - z_i)", _is_linf),
}
"""Each distance without the functions that it is written with."""


def _definition(key: str) -> None:
    says, is_the = _DEFINITIONS[key]

    @obligation(f"{key}/definition", f"the {key} distance of y and z is {says}", per_dim=True)
    def _build(s: Scope, d: int) -> Claim:
        y, z = s.point("y", d), s.point("z", d)
        r = METRICS[key](y, z, s.xp)
        gaps = [yi - zi for yi, zi in zip(y, z, strict=True)]
        return Claim(
            s.root_equations(),
            is_the(s, r, gaps),
            Fault("the first coordinate counts twice", show=is_the(s, r, [2 * gaps[0], *gaps[1:]])),
        )


for _key in METRICS:
    _definition(_key)


def _basic(key: str) -> None:
    distance = METRICS[key]

    @obligation(
        f"{key}/separates",
        f"the {key} distance is at least 0, and 0 only from a point to itself",
        per_dim=True,
    )
    def _separates(s: Scope, d: int) -> Claim:
        y, z = s.point("y", d), s.point("z", d)
        r = distance(y, z, s.xp)
        return Claim(
            s.root_equations(),
            all_of([r >= 0, (r == 0) == same_point(y, z)]),
            Fault("the distance is positive throughout", show=r > 0),
        )

    @obligation(f"{key}/symmetric", f"the {key} distance is symmetric", per_dim=True)
    def _symmetric(s: Scope, d: int) -> Claim:
        y, z = s.point("y", d), s.point("z", d)
        there, back = distance(y, z, s.xp), distance(z, y, s.xp)
        return Claim(
            s.root_equations(),
            there == back,
            Fault("the sum of both is 0", show=there + back == 0),
        )

    @obligation(
        f"{key}/half-way",
        f"in {key}, the point half-way between a and b has half their distance from each",
        per_dim=True,
    )
    def _half_way(s: Scope, d: int) -> Claim:
        a, b, x = s.point("a", d), s.point("b", d), s.point("x", d)
        from_a, from_b, apart = (distance(p, q, s.xp) for p, q in ((x, a), (x, b), (a, b)))
        return Claim(
            {"x = (a+b)/2": all_of(2 * xi == ai + bi for xi, ai, bi in zip(x, a, b, strict=True))}
            | s.root_equations(),
            all_of([2 * from_a == apart, 2 * from_b == apart]),
            Fault("the whole distance", show=from_a == apart),
        )


for _key in METRICS:
    _basic(_key)


def _triangle(key: str) -> None:
    @obligation(
        f"{key}/triangle", f"the {key} distance satisfies the triangle inequality", per_dim=True
    )
    def _build(s: Scope, d: int) -> Claim:
        y, z, t = s.point("y", d), s.point("z", d), s.point("t", d)
        distance = METRICS[key]
        direct = distance(y, z, s.xp)
        detour = distance(y, t, s.xp) + distance(t, z, s.xp)
        return Claim({}, direct <= detour, Fault("every detour is longer", show=direct < detour))


_triangle("l1")
_triangle("linf")


@obligation(
    "l2/lagrange",
    "|u|^2 |v|^2 - (u.v)^2 is the sum of (u_i v_j - u_j v_i)^2 over i < j",
    per_dim=True,
)
def _lagrange(s: Scope, d: int) -> Claim:
    u, v = s.point("u", d), s.point("v", d)
    inner, uu, vv = s.xp.sum(u * v), s.xp.sum(u * u), s.xp.sum(v * v)
    squares = [(u[i] * v[j] - u[j] * v[i]) * (u[i] * v[j] - u[j] * v[i]) for i, j in _pairs(d)]
    total = sum(squares, s.xp.number(0))
    return Claim(
        {},
        uu * vv - inner * inner == total,
        Fault("|u|^2 too much", show=uu * vv - inner * inner == total + uu),
    )


@obligation(
    "l2/cauchy-schwarz",
    "p^2 <= A B where A B - p^2 is a sum of d (d-1)/2 squares",
    per_dim=True,
)
def _cauchy_schwarz(s: Scope, d: int) -> Claim:
    p, A, B = s.reals("uv uu vv")
    roots = [s.reals(f"t_{i + 1}_{j + 1}")[0] for i, j in _pairs(d)]
    squares = sum((t * t for t in roots), s.xp.number(0))
    return Claim(
        {"Lagrange": A * B - p * p == squares},
        p * p <= A * B,
        Fault("no identity", without="Lagrange"),
    )


def _pairs(d: int) -> list[tuple[int, int]]:
    return list(combinations(range(d), 2))


@obligation("l2/square-of-sum", "|y-z|^2 = |y-t|^2 + |t-z|^2 + 2 (y-t).(t-z)", per_dim=True)
def _square_of_sum(s: Scope, d: int) -> Claim:
    y, z, t = s.point("y", d), s.point("z", d), s.point("t", d)
    u, v = y - t, t - z
    whole = s.xp.sum((y - z) * (y - z))
    parts = s.xp.sum(u * u) + s.xp.sum(v * v)
    return Claim(
        {},
        whole == parts + 2 * s.xp.sum(u * v),
        Fault("the mixed term is left out", show=whole == parts),
    )


@obligation(
    "l2/triangle",
    "if (u.v)^2 <= |u|^2 |v|^2 then |u+v| <= |u| + |v|, where |u+v|^2 = |u|^2 + |v|^2 + 2 u.v",
)
def _l2_triangle(s: Scope) -> Claim:
    uu, vv, inner = s.reals("uu vv uv")
    whole, left, right = (s.xp.sqrt(q) for q in (uu + vv + 2 * inner, uu, vv))
    return Claim(
        {"Cauchy-Schwarz": inner * inner <= uu * vv} | s.root_equations(),
        whole <= left + right,
        Fault("no Cauchy-Schwarz", without="Cauchy-Schwarz"),
    )


@obligation(
    "metric/reverse-triangle",
    "in every metric the distances of y and of z to a differ by at most |y-z|",
)
def _reverse(s: Scope) -> Claim:
    ya, za, yz = s.reals("ya za yz")
    difference: Any = s.xp.abs(ya - za)
    return Claim(
        {"|y-a| <= |y-z| + |z-a|": ya <= yz + za, "|z-a| <= |z-y| + |y-a|": za <= yz + ya},
        difference <= yz,
        Fault("one of the two only", without="|z-a| <= |z-y| + |y-a|"),
    )


def _lagrange_identity(d: int) -> Callable[[Any], tuple[Any, Any, Any]]:
    def build(sympy: Any) -> tuple[Any, Any, Any]:
        u, v = sympy.symbols(f"u1:{d + 1}"), sympy.symbols(f"v1:{d + 1}")
        inner = sum(ui * vi for ui, vi in zip(u, v, strict=True))
        left = sum(ui**2 for ui in u) * sum(vi**2 for vi in v) - inner**2
        squares = sum((u[i] * v[j] - u[j] * v[i]) ** 2 for i in range(d) for j in range(i + 1, d))
        return left, sympy.sympify(squares), squares + u[0] ** 2

    return build


LAGRANGE = register(
    *(
        Identity(
            f"symbolic/lagrange/d{d}",
            f"Lagrange's identity for d = {d}, hence the Cauchy-Schwarz inequality",
            _lagrange_identity(d),
            d,
        )
        for d in (1, 2, 3)
    )
)
