"""The closed forms of the Lipschitz row against SymPy, at rational settings; the linf band for every d."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

from trompe.proofs.closed_forms import Named, Sides, rational, value
from trompe.proofs.symbolic import Identity
from trompe.theory.rows import affine
from trompe.theory.shares import balls, cones
from trompe.theory.shares.base import COLUMNS


def _line_worst(stretch: Fraction) -> Callable[[Any], Sides]:
    """d = 1, a = 0, b = 1: the radius is affine between its kinks, so the largest is at one of them."""

    def build(sympy: Any) -> Sides:
        k = rational(sympy, stretch)
        points = [sympy.Integer(0), 1 - 1 / k, sympy.Rational(1, 2), 1 / k, sympy.Integer(1)]
        radius = [(sympy.Min(1, k * x) + sympy.Min(1, k * (1 - x)) - 1) / 2 for x in points]
        right = cones.opposite_corners("l1", 1, stretch).worst_radius().fraction
        return sympy.Max(*radius), rational(sympy, right), sympy.Max(*radius) + 1

    return build


def _line_share(stretch: Fraction, eps: Fraction | None) -> Callable[[Any], Sides]:
    """d = 1, a = 0, b = 1: the indicator of the criterion, integrated."""

    def build(sympy: Any) -> Sides:
        k, x = rational(sympy, stretch), sympy.Symbol("x", real=True)
        upper = sympy.Min(1, k * x)
        lower = sympy.Max(0, 1 - k * (1 - x))
        half = sympy.Rational(1, 2)
        kinks = sorted({sympy.Integer(0), 1 / k, 1 - 1 / k, sympy.Integer(1)})
        left = sympy.Integer(0)
        for low, high in pairwise(kinks):
            inside = (low + high) / 2
            u, w = (_affine_piece(sympy, f, x, inside, (high - low) / 4) for f in (upper, lower))
            holds = (
                sympy.Or(u <= half, w >= half)
                if eps is None
                else sympy.Le(u - w, 2 * rational(sympy, eps))
            )
            left += sympy.Interval(low, high).intersect(holds.as_set()).measure
        c = cones.opposite_corners("l1", 1, stretch)
        right = c.side_share() if eps is None else c.eps_share(eps)
        return left, rational(sympy, right.fraction), left / 2

    return build


def _affine_piece(sympy: Any, f: Any, x: Any, at: Any, step: Any) -> Any:
    """The affine function that f is around `at`."""
    here, there = f.subs(x, at), f.subs(x, at + step)
    return sympy.expand(here + (there - here) / step * (x - at))


def _corner_l1(d: int, k: int) -> Callable[[Any], Sides]:
    """The volume of {x in [0,1]^d : sum x <= r} for k <= r <= k+1, integrated one coordinate at a time."""

    def build(sympy: Any) -> Sides:
        r, u = sympy.symbols("r u")
        # pieces[j] is the volume for j <= r <= j+1; 0 below, 1 above.
        pieces = [r]
        for n in range(2, d + 1):
            fresh = []
            for j in range(n):
                above = pieces[j] if j < n - 1 else sympy.Integer(1)
                below = pieces[j - 1] if j > 0 else sympy.Integer(0)
                fresh.append(
                    sympy.integrate(above.subs(r, r - u), (u, 0, r - j))
                    + sympy.integrate(below.subs(r, r - u), (u, r - j, 1))
                )
            pieces = [sympy.expand(p) for p in fresh]
        # Two polynomials of degree d are the same if they agree at d + 1 points.
        points = [Fraction(k) + Fraction(j, d) for j in range(d + 1)]
        closed = [balls.ball_share("l1", (Fraction(0),) * d, point).fraction for point in points]
        right = sympy.interpolate(
            [(rational(sympy, p), rational(sympy, q)) for p, q in zip(points, closed, strict=True)],
            r,
        )
        return pieces[k], right, pieces[k] + r

    return build


def _linf(d: int) -> Callable[[Any], Sides]:
    """A product of lengths, each the integral of an indicator."""

    def build(sympy: Any) -> Sides:
        x = sympy.Symbol("x", real=True)
        centre = (Fraction(1, 4), Fraction(3, 5), Fraction(0))[:d]
        r, left = Fraction(1, 2), sympy.Integer(1)
        for c in centre:
            inside = sympy.Abs(x - rational(sympy, c)) <= rational(sympy, r)
            left *= sympy.integrate(sympy.Piecewise((1, inside), (0, True)), (x, 0, 1))
        right = balls.ball_share("linf", centre, r).fraction
        return left, rational(sympy, right), left / 2

    return build


def _disc(centre: tuple[Fraction, Fraction], squared: Fraction) -> Callable[[Any], Sides]:
    """The area of a disc cut by the square, integrated across."""

    def build(sympy: Any) -> Sides:
        u = sympy.Symbol("u", positive=True)
        r2 = rational(sympy, squared)
        root = sympy.sqrt(r2)
        left = sympy.Integer(0)
        for width in (centre[0], 1 - centre[0]):
            for height in (centre[1], 1 - centre[1]):
                w = sympy.Min(rational(sympy, width), root)
                h = sympy.Min(rational(sympy, height), root)
                flat = sympy.Min(w, sympy.sqrt(r2 - h**2))
                arc = sympy.integrate(sympy.sqrt(r2 - u**2), u)
                left += h * flat + arc.subs(u, w) - arc.subs(u, flat)
        right = sympy.sympify(balls.ball_share("l2", centre, squared).form)
        return left, right, left + 1

    return build


def _orthant(d: int) -> Callable[[Any], Sides]:
    """A ball about a corner with r <= 1: slices of it are such balls of one dimension less."""

    def build(sympy: Any) -> Sides:
        z = sympy.Symbol("z", positive=True)

        def closed(n: int) -> Any:
            at_one = balls.ball_share("l2", (Fraction(0),) * n, Fraction(1, 4))
            return sympy.sympify(at_one.form) * 2**n

        left = sympy.integrate(
            sympy.expand_func(closed(d - 1)) * (1 - z**2) ** sympy.Rational(d - 1, 2), (z, 0, 1)
        )
        return left, closed(d), left / 2

    return build


def _linf_band(sympy: Any) -> Sides:
    """Inclusion and exclusion of two cubes and the band; the cubes meet inside the band."""
    d = sympy.Symbol("d", integer=True, positive=True)
    p, q = sympy.symbols("p q", positive=True)
    r = 1 / (1 + p)
    stretch = 1 + r * q / (1 + q)  # between 1 and 1 + r
    t, s = r / stretch, (1 + r) / stretch - 1

    def band(width: Any) -> Any:
        return value(affine.affine_eps(width, d))

    def plain(side: Any) -> Any:
        merged = sympy.expand_power_base(side * s ** (1 - d), force=True)  # all bases are positive
        return sympy.simplify(sympy.powsimp(merged, force=True))

    # The band's part of a cube of side t is the cube's size times the band of width s/t.
    left = band(s) + 2 * t**d - 2 * t**d * band(s / t)
    right = value(cones.linf_corner_terms(d, r, stretch))
    return plain(left), plain(right), sympy.Integer(0)


def lipschitz_identities() -> Named:
    """Of the Lipschitz row."""
    worst, side, eps = COLUMNS
    for stretch in (Fraction(5, 4), Fraction(3)):
        tail = f"line/{stretch.numerator}-{stretch.denominator}"
        about = f"d = 1, a = 0, b = 1, lambda = {stretch}"
        yield _named(worst, tail, f"the largest at a kink; {about}", _line_worst(stretch), 1)
        text = f"the criterion's indicator, integrated; {about}"
        yield _named(side, tail, text, _line_share(stretch, None), 1)
        for e in (Fraction(1, 10), Fraction(1, 4)):
            where, build = f"{tail}/eps{e.numerator}-{e.denominator}", _line_share(stretch, e)
            yield _named(eps, where, f"{text}, eps = {e}", build, 1)
    for d in (1, 2, 3):
        for k in range(d):
            text = f"the l1 ball about a corner, {k} <= r <= {k + 1}, integrated one coordinate at a time"
            yield _named(side, f"l1/d{d}/{k}", text, _corner_l1(d, k), d)
        yield _named(side, f"linf/d{d}", "the linf ball as a product of integrals", _linf(d), d)
    for d in (2, 3, 4):
        text = "the l2 ball about a corner by its slices, radius at most 1"
        yield _named(side, f"l2/d{d}", text, _orthant(d), d)
    text = "the disc about (1/4, 1/4) with r = 1/2, cut by the square, integrated across"
    disc = _disc((Fraction(1, 4), Fraction(1, 4)), Fraction(1, 4))
    yield _named(side, "l2/disc", text, disc, 2)
    text = "two cubes and the band at opposite corners, every d"
    yield _named(eps, "linf", text, _linf_band, None)


def _named(
    column: str, tail: str, says: str, build: Callable[[Any], Sides], d: int | None
) -> tuple[str, Identity]:
    return column, Identity(f"sharp/lipschitz/{column.replace(' ', '-')}/{tail}", says, build, d)
