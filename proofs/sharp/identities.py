"""The closed forms of the sharp table against SymPy: integrals and limits, most of them for every d.

The left side is integrated or derived here, the right side is the form that the table uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from trompe.constructions import CONSTRUCTIONS
from trompe.constructions.decoders import interpolate
from trompe.constructions.rows.affine import AffineParameters
from trompe.constructions.rows.convex import ConvexParameters
from trompe.constructions.rows.free import HatParameters
from trompe.constructions.rows.monotone import MonotoneParameters
from trompe.proofs.sharp.identities_lipschitz import Sides, lipschitz_identities, rational, value
from trompe.proofs.symbolic import Identity, sympy_namespace
from trompe.theory.catalogue import sharp_row
from trompe.theory.functionals import gauge
from trompe.theory.rows import affine, convex

__all__ = ["identities"]


# -- no gap, everything known ------------------------------------------------------------------------------


def _radius_at_query(row: str, sympy: Any) -> Any:
    """(U(x) - W(x))/2R of a row whose fibre is (m, M), from its own formulas."""
    m = sympy.Symbol("m", real=True)
    r, s, far = sympy.symbols("R s far", positive=True)
    q = 1 / (1 + s)
    if row == "monotone":
        parameters: Any = MonotoneParameters(m, m + r, q, 1 / q, 1 / (1 - q))
        features: tuple[Any, ...] = (q,)
    else:
        parameters, features = HatParameters(m, m + r, far, (None,) * 3), ((0, 0, 1),)
        row = "erm"
    c, xp = CONSTRUCTIONS[row], sympy_namespace()
    at = c.Features(*features)  # type: ignore[attr-defined]
    return sympy.simplify((c.upper(at, parameters, xp) - c.lower(at, parameters, xp)) / (2 * r))


def _no_gap(row: str, column: str) -> Callable[[Any], Sides]:
    def build(sympy: Any) -> Sides:
        radius = _radius_at_query(row, sympy)
        closed = sharp_row(row)
        if column == "worst radius":
            return radius, rational(sympy, closed.worst_radius(1).fraction), radius / 2
        # Both tasks need a smaller radius than 1/2, at eps = 1/2 - 1/(2+s) too.
        s = sympy.Symbol("s", positive=True)
        eps = sympy.Rational(1, 2) - 1 / (2 + s)
        open_ = sympy.simplify(radius - eps).is_positive
        x = sympy.Symbol("x")
        left = sympy.integrate(0 if open_ else 1, (x, 0, 1))
        found = (
            closed.side_share(1) if column == "side share" else closed.eps_share(1, Fraction(1, 4))
        )
        return left, rational(sympy, found.fraction), sympy.Rational(1, 2)

    return build


def _known(row: str, column: str) -> Callable[[Any], Sides]:
    """Both ends of the fibre are the decoder's answer: the radius is 0, at most every eps."""

    def build(sympy: Any) -> Sides:
        m, x = sympy.symbols("m x", real=True)
        r = sympy.Symbol("R", positive=True)
        if row == "affine-1d":
            c, xp = CONSTRUCTIONS["affine"], sympy_namespace()
            p = AffineParameters(m, m + r, None, None, 0, 0)
            at = c.Features(x, x, x)  # type: ignore[attr-defined]
            upper, lower = c.upper(at, p, xp), c.lower(at, p, xp)
            half_way = interpolate(m, m + r, x, 1)
        else:
            upper = lower = half_way = m
        gap = sympy.simplify(upper - lower) + sympy.simplify(half_way - lower)
        closed = sharp_row(row)
        if column == "worst radius":
            return gap / (2 * r), rational(sympy, closed.worst_radius(1).fraction), sympy.Integer(1)
        decided = 1 if gap == 0 else 0
        found = (
            closed.side_share(1) if column == "side share" else closed.eps_share(1, Fraction(1, 4))
        )
        left = sympy.integrate(decided, (x, 0, 1))
        return left, rational(sympy, found.fraction), sympy.Integer(0)

    return build


# -- convex --------------------------------------------------------------------------------------------------


def _gauge_length(sympy: Any, where: str, t: Any) -> Any:
    """The length of {z in [0,1] : gauge(z) <= t} in one coordinate, with c inside, at 0 or at 1."""
    s, z = sympy.Symbol("s", positive=True), sympy.Symbol("z")
    xp = sympy_namespace()
    c = {"inside": 1 / (1 + s), "low": sympy.Integer(0), "high": sympy.Integer(1)}[where]
    up = 0 if where == "high" else 1 / (1 - c)
    down = 0 if where == "low" else 1 / c
    ends = []
    for slope, edge in ((up, c), (down, c)):
        # On each side of c the gauge is affine in z and 0 at c: solve for t.
        if slope == 0:
            ends.append(edge)
            continue
        line = slope * (z - c) if slope is up else slope * (c - z)
        (root,) = sympy.solve(line - t, z)
        at_root = gauge(xp.array([root]), xp.array([c]), xp.array([up]), xp.array([down]), xp)
        if sympy.simplify(at_root - t) != 0:
            raise ArithmeticError(f"the gauge is {at_root} at {root}, expected {t}")
        ends.append(root)
    high, low = ends
    return sympy.integrate(1, (z, low, high))


def _convex_share(where: str, level: Callable[[Any], Any], column: str) -> Callable[[Any], Sides]:
    def build(sympy: Any) -> Sides:
        d = sympy.Symbol("d", integer=True, positive=True)
        i = sympy.Symbol("i", integer=True)
        t = level(sympy)
        length = sympy.simplify(_gauge_length(sympy, where, t))
        left = sympy.Product(length, (i, 1, d)).doit()
        return left, value(convex.convex_share(t, d)), t ** (d + 1)

    return build


def _convex_worst(sympy: Any) -> Sides:
    """Along the segment from a to b the gauge is t, 0 < t < 1; its supremum there is that at t = 1."""
    m, t = sympy.Symbol("m", real=True), sympy.Symbol("t", positive=True)
    r, far, s = sympy.symbols("R far s", positive=True)
    c, xp = CONSTRUCTIONS["convex"], sympy_namespace()
    p = ConvexParameters(m, m + r, None, None, None, None, 1 / far)
    at = c.Features(t, far + s)  # type: ignore[attr-defined]
    radius = sympy.simplify((c.upper(at, p, xp) - c.lower(at, p, xp)) / (2 * r))
    closed = sharp_row("convex").worst_radius(2).fraction
    return sympy.limit(radius, t, 1, "-"), rational(sympy, closed), sympy.Integer(1)


# -- affine --------------------------------------------------------------------------------------------------


def _affine_side(sympy: Any) -> Sides:
    """The densities d y^(d-1) of the maximum and d (1-y)^(d-1) of the minimum, integrated."""
    d, y = sympy.Symbol("d", integer=True, positive=True), sympy.Symbol("y", positive=True)
    half = sympy.Rational(1, 2)
    below = sympy.integrate(d * y ** (d - 1), (y, 0, half))
    above = sympy.integrate(d * y ** (d - 1), (y, 0, half))  # 1 - y for the minimum
    return below + above, value(affine.affine_side(d)), half**d


def _affine_eps(sympy: Any) -> Sides:
    """With the minimum at y, the others lie in [y, min(1, y + r)]: d min(r, 1-y)^(d-1) dy."""
    d = sympy.Symbol("d", integer=True, positive=True)
    u = sympy.Symbol("u", positive=True)
    s = sympy.Symbol("s", positive=True)
    r = 1 / (1 + s)
    y = sympy.Symbol("y")
    left = sympy.integrate(d * r ** (d - 1), (y, 0, 1 - r)) + sympy.integrate(
        d * u ** (d - 1), (u, 0, r)
    )
    right = value(affine.affine_eps(r, d))
    # d is at least 2 in the row; the forms agree for every d >= 1.
    return sympy.expand(left * (1 + s) ** d), sympy.expand(right * (1 + s) ** d), sympy.Integer(1)


def _affine_worst(sympy: Any) -> Sides:
    """At x' = (1, 0, ..., 0)."""
    m, r = sympy.Symbol("m", real=True), sympy.Symbol("R", positive=True)
    c, xp = CONSTRUCTIONS["affine"], sympy_namespace()
    p = AffineParameters(m, m + r, None, None, 0, 1)
    at = c.Features(sympy.Integer(1), sympy.Integer(0), sympy.Rational(1, 2))  # type: ignore[attr-defined]
    radius = sympy.simplify((c.upper(at, p, xp) - c.lower(at, p, xp)) / (2 * r))
    closed = sharp_row("affine").worst_radius(2).fraction
    return radius, rational(sympy, closed), sympy.Rational(1, 4)


# -- which belongs to which cell -----------------------------------------------------------------------------

NO_GAP = ("black-box", "neural-network", "erm", "piecewise-affine", "monotone")


def _half(sympy: Any) -> Any:
    return sympy.Rational(1, 2)


def _two_eps(sympy: Any) -> Any:
    return 1 / (1 + sympy.Symbol("e", positive=True))


def identities(row: str) -> Iterator[tuple[str, Identity]]:
    """(column, identity) for a row; `dim` is None where it holds for every d."""
    if row in NO_GAP:
        says = {
            "worst radius": "(U(x) - W(x))/2R = 1/2 at every query that is not shown, every d",
            "side share": "where the radius is 1/2 the side is open: the integral is 0",
            "eps share": "where the radius is 1/2 eps-approximation is open for every eps < 1/2: the integral is 0",
        }
        for column, text in says.items():
            key = f"sharp/{row}/{column.replace(' ', '-')}"
            yield column, Identity(key, text, _no_gap(row, column))
    if row in ("affine-1d", "constant"):
        for column in ("worst radius", "side share", "eps share"):
            text = "both ends of the fibre are the decoder's answer, at every x"
            key = f"sharp/{row}/{column.replace(' ', '-')}"
            yield column, Identity(key, text, _known(row, column))
    if row == "convex":
        text = "the limit of gamma/2 along the segment from a to b, every d"
        yield "worst radius", Identity("sharp/convex/worst-radius", text, _convex_worst)
        for column, level in (("side share", _half), ("eps share", _two_eps)):
            for where in ("inside", "low", "high"):
                key = f"sharp/convex/{column.replace(' ', '-')}/{where}"
                text = (
                    f"the product of d lengths, a_i {where} ([0,1]'s interior or an end), every d"
                )
                yield column, Identity(key, text, _convex_share(where, level, column))
    if row == "affine":
        yield (
            "worst radius",
            Identity(
                "sharp/affine/worst-radius",
                "the radius at x' = (1, 0, ..., 0), every d",
                _affine_worst,
            ),
        )
        text = "the densities of the largest and the smallest of d uniform numbers, integrated; every d"
        yield "side share", Identity("sharp/affine/side-share", text, _affine_side)
        text = "d min(r, 1-y)^(d-1) integrated over the smallest number y; every d"
        yield "eps share", Identity("sharp/affine/eps-share", text, _affine_eps)
    if row == "lipschitz":
        yield from lipschitz_identities()
