"""The closed forms of the sharp table against SymPy: integrals and limits, most of them for every d.

The left side is integrated or derived here, the right side is the form that the table uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from trompe.constructions import CONSTRUCTIONS, Construction
from trompe.constructions.rows.convex import ConvexScale
from trompe.constructions.triples import Scale
from trompe.proofs.symbolic import AtQuery, Identity, Symbols, sympy_namespace
from trompe.theory.catalogue import sharp_row
from trompe.theory.functionals import gauge
from trompe.theory.rows import affine, convex
from trompe.theory.shares.base import COLUMNS

Sides = tuple[Any, Any, Any]
"""Left, right, and a damaged right side that must differ."""
Named = Iterator[tuple[str, Identity]]
"""(column, identity); `dim` is None where it holds for every d."""


def value(terms: tuple[Any, ...]) -> Any:
    """The sum of a closed form's terms."""
    return sum(term.value for term in terms)


def rational(sympy: Any, number: Fraction | None) -> Any:
    """An exact number of the table as SymPy's."""
    assert number is not None
    return sympy.Rational(number.numerator, number.denominator)


def _named(row: str, column: str) -> str:
    return f"sharp/{row}/{column.replace(' ', '-')}"


def _claimed(sympy: Any, row: str, column: str) -> Any:
    """What the table says of a row whose numbers depend neither on d nor on eps."""
    return rational(sympy, sharp_row(row).column(column, 1, Fraction(1, 4)).fraction)


def _radius(sympy: Any, made: Construction, p: Any, features: tuple[Any, ...], r: Any) -> Any:
    """(U - W)/2R of a triple's own formulas."""
    at, xp = made.Features(*features), sympy_namespace()  # type: ignore[attr-defined]
    return sympy.simplify((made.upper(at, p, xp) - made.lower(at, p, xp)) / (2 * r))


# -- no gap, everything known ------------------------------------------------------------------------------


def no_gap(row: str, made: Construction, at_query: Callable[[Any, Symbols], AtQuery]) -> Named:
    """A row whose fibre is (m, M), from its triple's own formulas at the query."""
    says = {
        "worst radius": "(U(x) - W(x))/2R = 1/2 at every query that is not shown, every d",
        "side share": "where the radius is 1/2 the side is open: the integral is 0",
        "eps share": "where the radius is 1/2 eps-approximation is open for every eps < 1/2: the integral is 0",
    }

    def building(column: str) -> Callable[[Any], Sides]:
        def build(sympy: Any) -> Sides:
            t = Symbols(sympy)
            case = at_query(sympy, t)
            radius = _radius(sympy, made, case.parameters, case.features, t.r)
            right = _claimed(sympy, row, column)
            if column == "worst radius":
                return radius, right, radius / 2
            # Both tasks need a smaller radius than 1/2, at eps = 1/2 - 1/(2+s) too.
            eps = sympy.Rational(1, 2) - 1 / (2 + t.s)
            open_ = sympy.simplify(radius - eps).is_positive
            x = sympy.Symbol("x")
            return sympy.integrate(0 if open_ else 1, (x, 0, 1)), right, sympy.Rational(1, 2)

        return build

    for column, text in says.items():
        yield column, Identity(_named(row, column), text, building(column))


def known(row: str, ends: Callable[[Any, Any, Any, Any], tuple[Any, Any, Any]]) -> Named:
    """Both ends of the fibre are the decoder's answer: the radius is 0, at most every eps.

    Parameters
    ----------
    ends : from sympy, m, R and x to the upper end, the lower one and the decoder's answer.
    """

    def building(column: str) -> Callable[[Any], Sides]:
        def build(sympy: Any) -> Sides:
            m, x = sympy.symbols("m x", real=True)
            r = sympy.Symbol("R", positive=True)
            upper, lower, answer = ends(sympy, m, r, x)
            gap = sympy.simplify(upper - lower) + sympy.simplify(answer - lower)
            right = _claimed(sympy, row, column)
            if column == "worst radius":
                return gap / (2 * r), right, sympy.Integer(1)
            left = sympy.integrate(1 if gap == 0 else 0, (x, 0, 1))
            return left, right, sympy.Integer(0)

        return build

    text = "both ends of the fibre are the decoder's answer, at every x"
    for column in COLUMNS:
        yield column, Identity(_named(row, column), text, building(column))


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
    p = ConvexScale(m, m + r, 1 / far)
    radius = _radius(sympy, CONSTRUCTIONS["convex"], p, (t, far + s), r)
    closed = sharp_row("convex").worst_radius(2).fraction
    return sympy.limit(radius, t, 1, "-"), rational(sympy, closed), sympy.Integer(1)


def convex_identities() -> Named:
    """Of the convex row."""
    text = "the limit of gamma/2 along the segment from a to b, every d"
    yield "worst radius", Identity("sharp/convex/worst-radius", text, _convex_worst)
    for column, level in (("side share", _half), ("eps share", _two_eps)):
        for where in ("inside", "low", "high"):
            text = f"the product of d lengths, a_i {where} ([0,1]'s interior or an end), every d"
            key = f"{_named('convex', column)}/{where}"
            yield column, Identity(key, text, _convex_share(where, level, column))


def _half(sympy: Any) -> Any:
    return sympy.Rational(1, 2)


def _two_eps(sympy: Any) -> Any:
    return 1 / (1 + sympy.Symbol("e", positive=True))


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
    p = Scale(m, m + r)
    at = (sympy.Integer(1), sympy.Integer(0), sympy.Rational(1, 2))
    radius = _radius(sympy, CONSTRUCTIONS["affine"], p, at, r)
    closed = sharp_row("affine").worst_radius(2).fraction
    return radius, rational(sympy, closed), sympy.Rational(1, 4)


def affine_identities() -> Named:
    """Of the affine row."""
    for column, text, build in (
        ("worst radius", "the radius at x' = (1, 0, ..., 0), every d", _affine_worst),
        (
            "side share",
            "the densities of the largest and the smallest of d uniform numbers, integrated; every d",
            _affine_side,
        ),
        (
            "eps share",
            "d min(r, 1-y)^(d-1) integrated over the smallest number y; every d",
            _affine_eps,
        ),
    ):
        yield column, Identity(_named("affine", column), text, build)
