"""One neuron with a strictly increasing continuous link, of which nothing else is known.

H(u) = h(s + (t-s) u) stands for the link on the way from h^-1(m) = s to h^-1(M) = t. The solvers know
of it what `_Along` states at the shares where it is asked: H(0) = m, H(1) = M, strictly increasing.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from trompe.constructions import centre, mix
from trompe.constructions.decoders import interpolate
from trompe.constructions.rows.neuron import Linked, Neuron1dRow, neuron_1d
from trompe.proofs import roles
from trompe.proofs.closed_forms import Named
from trompe.proofs.lemmas import ATTAINED, undecided, weight
from trompe.proofs.links import LINK_SYMBOLIC
from trompe.proofs.obligations import Claim, Fault, Scope, all_of, collected, implies, obligation
from trompe.proofs.pieces import in_box, range_ends_and_uniqueness
from trompe.proofs.row import Admitted, Evidence, Extremes, Refused, RowChecks, Said, refuses, shown
from trompe.proofs.rows.affine import (
    OF_SHARES,
    Affine1dChecks,
    AffineChecks,
    AffineSymbols,
)
from trompe.proofs.solvers import z3
from trompe.theory import (
    Affine,
    Approx,
    Comparison,
    Exact,
    Side,
    function_class,
)
from trompe.theory.namespace import EXACT, ArrayNamespace


def _increasing(p: Any, q: Any, at_p: Any, at_q: Any) -> list[Any]:
    """A strictly increasing function at two places."""
    return [implies(p < q, at_p < at_q), implies(q < p, at_q < at_p), implies(p == q, at_p == at_q)]


class _Along:
    """H by its axioms, instantiated at every pair of shares where it was asked."""

    def __init__(self, s: Scope, low: Any, high: Any) -> None:
        self._s = s
        self._known: list[tuple[Any, Any]] = [(Fraction(0), low), (Fraction(1), high)]

    def between(self, low: Any, high: Any, share: Any, xp: ArrayNamespace) -> Any:
        """H(share), a symbol of its own, or m or M at the shares 0 and 1."""
        for known, value in self._known:
            if _same(known, share):
                return value
        (value,) = self._s.reals(f"H_{len(self._known) - 1}")
        self._known.append((share, value))
        return value

    def axioms(self) -> dict[str, Any]:
        """That H increases strictly, at all shares asked so far; one hypothesis."""
        pairs = [(p, q) for k, p in enumerate(self._known) for q in self._known[:k]]
        conditions = [c for (u, at_u), (v, at_v) in pairs for c in _increasing(u, v, at_u, at_v)]
        return {"H increases strictly": all_of(conditions)}


def _same(u: Any, v: Any) -> bool:
    """Are two shares, terms or numbers, written alike?"""
    if z3.is_expr(u) and z3.is_expr(v):
        return bool(u.eq(v))
    return not z3.is_expr(u) and not z3.is_expr(v) and bool(u == v)


class _Symbols(AffineSymbols):
    """Also H and shares of members."""

    row = "neuron"

    def __init__(self, s: Scope) -> None:
        super().__init__(s)
        self.along = _Along(s, self.m, self.M)
        self.p = Linked(self.m, self.M, self.along)  # type: ignore[arg-type]
        self.given = super().parameters

    @property
    def parameters(self) -> dict[str, Any]:
        return self.given | self.along.axioms()

    def shares(self, feature: Any) -> tuple[Any, Any, Any]:
        """The shares of U, W and B."""
        c = self.s.construction("neuron")
        names = ("upper_share", "lower_share", "strict_share")
        upper, lower, strict = (getattr(c, name)(feature, self.p, self.s.xp) for name in names)
        return upper, lower, strict

    def member(self, share: Any) -> Any:
        """H of a share, as the construction's members take it."""
        return self.s.construction("neuron").member(share, self.p, self.s.xp)


# -- the link ----------------------------------------------------------------------------------------------


@roles.pair(
    "neuron/order",
    "h(p) < h(q) if and only if p < q, and h(p) = h(q) if and only if p = q: f = h(g) has its extremes "
    "where g has them",
)
def _order(s: Scope) -> Claim:
    p, q, at_p, at_q = s.reals("p q h_p h_q")
    return Claim(
        {"h increases strictly": all_of(_increasing(p, q, at_p, at_q))},
        all_of([(at_p < at_q) == (p < q), (at_p == at_q) == (p == q)]),
        Fault(
            "h need not increase strictly",
            without="h increases strictly",
            instead=all_of([implies(p <= q, at_p <= at_q), implies(q <= p, at_q <= at_p)]),
        ),
    )


@roles.pair(
    "neuron/along",
    "s + (t-s) u < s + (t-s) v if and only if u < v, for s < t: H increases as h does",
)
def _along(s: Scope) -> Claim:
    start, stop, u, v = s.reals("s t u v")
    p, q = mix(start, stop, u), mix(start, stop, v)
    return Claim(
        {"s < t": start < stop},
        all_of([(p < q) == (u < v), (p == q) == (u == v)]),
        Fault("t may be below s", without="s < t"),
    )


# -- the triple and its pairs ------------------------------------------------------------------------------


range_ends_and_uniqueness("neuron", _Symbols, *OF_SHARES)


@roles.pair("neuron/query", "U(x) = H(max x') and W(x) = H(min x'), with B between")
def _query(s: Scope) -> Claim:
    t = _Symbols(s)
    x, facts = t.at("x")
    upper, lower, strict = t.values(x)
    largest, smallest = (t.along.between(t.m, t.M, u, s.xp) for u in (x.largest, x.smallest))
    return Claim(
        t.parameters
        | facts
        | {"min x' <= mean x' <= max x'": all_of([x.smallest <= x.mean, x.mean <= x.largest])},
        all_of([upper == largest, lower == smallest, lower <= strict, strict <= upper]),
        Fault("the mean anywhere", without="min x' <= mean x' <= max x'"),
    )


@roles.pair(
    "neuron/pair-ends",
    "f and g, mixed inside the link, are m where every z'_i is 0 and M where it is 1",
)
def _pair_ends(s: Scope) -> Claim:
    t = _Symbols(s)
    (eta,) = s.reals("eta")
    at_a, at_b = map(t.shares, t.ends()[:2])
    ends = [[t.member(mix(u, b, eta)) for u in (top, low)] for top, low, b in (at_a, at_b)]
    return Claim(
        t.parameters | weight(eta),
        all_of([h == t.m for h in ends[0]] + [h == t.M for h in ends[1]]),
        Fault("M where every z'_i is 0", show=all_of(h == t.M for h in ends[0])),
    )


@roles.pair(
    "neuron/pair-unique",
    "f and g, mixed inside the link, stay in [m, M] and are m only where the mean of z' is 0, M only where it is 1",
)
def _pair_unique(s: Scope) -> Claim:
    t = _Symbols(s)
    (eta,) = s.reals("eta")
    z, facts = t.at("z")
    top, low, b = t.shares(z)
    pair = [t.member(mix(u, b, eta)) for u in (top, low)]
    show = [c for h in pair for c in (t.m <= h, h <= t.M)]
    show += [implies(h == t.m, z.mean == 0) for h in pair]
    show += [implies(h == t.M, z.mean == 1) for h in pair]
    return Claim(
        t.parameters | facts | weight(eta),
        all_of(show),
        Fault("eta may be 0", without="0 < eta", instead=eta >= 0),
    )


@roles.pair("neuron/member", "what goes into the link of f and g is affine")
def _member(s: Scope) -> Claim:
    t = _Symbols(s)
    start, stop, w = s.reals("s t w")
    (eta,) = s.reals("eta")
    points = [t.at(name)[0] for name in ("y", "z", "p")]
    features = {
        f"{name}: law": Affine().law(Comparison(parts[0], parts[1], parts[2], w), s.xp)
        for name, *parts in zip(("z'_i", "z'_j", "mean z'"), *points, strict=True)
    }
    shares = [t.shares(z) for z in points]
    laws = []
    for which in (0, 1):
        y, z, p = (mix(start, stop, mix(at[which], at[2], eta)) for at in shares)
        laws.append(Affine().law(Comparison(y, z, p, w), s.xp))
    return Claim(
        t.given | features | weight(eta),
        all_of(laws),
        Fault("a mean that is not affine", without="mean z': law"),
    )


# -- the pair defeats every decoder -------------------------------------------------------------------------


def _at_query(s: Scope) -> tuple[_Symbols, tuple[Any, ...], dict[str, Any]]:
    """Shares u >= w of U and W and b of B at the query, all in [0, 1], and a weight."""
    t = _Symbols(s)
    u, w, b = s.reals("u w b")
    (eta,) = s.reals("eta")
    facts = {"u, w, b in [0, 1]": in_box((u, w, b))}
    return t, (u, w, b, eta), facts | weight(eta)


@obligation("neuron/exact-fools", "where min x' < max x', f(x) != g(x) for every 0 < eta < 1")
def _exact_fools(s: Scope) -> Claim:
    t, (u, w, b, eta), facts = _at_query(s)
    f, g = (t.member(mix(top, b, eta)) for top in (u, w))
    return Claim(
        t.parameters | facts | {"w < u": w < u},
        f != g,
        Fault("eta may be 1", without="eta < 1", instead=eta <= 1),
    )


def _near(s: Scope, task: Any, tolerance: Any, show: Any) -> Claim:
    """The claim `show` about f(x), g(x), where H moves by less than the tolerance within delta of u and of w."""
    t, (u, w, b, eta), facts = _at_query(s)
    upper, lower = t.member(u), t.member(w)
    inside = [mix(top, b, eta) for top in (u, w)]
    f, g = (t.member(share) for share in inside)
    (delta,) = s.reals("delta")
    tau, tau_given = tolerance(t, upper, lower)

    def close(share: Any, at: Any, value: Any, limit: Any) -> Any:
        return implies(s.xp.abs(share - at) <= delta, s.xp.abs(value - limit) < tau)

    return Claim(
        t.given
        | facts
        | tau_given
        | {
            "delta > 0": delta > 0,
            "H is continuous at u": close(inside[0], u, f, upper),
            "H is continuous at w": close(inside[1], w, g, lower),
            "criterion fails": undecided(task, s, lower, upper, t.m, t.M),
            "eta <= delta": eta <= delta,
        },
        show(t, f, g),
        Fault("eta any weight", without="eta <= delta"),
    )


@obligation(
    "neuron/approx-fools",
    "where H(u) - H(w) > 2 eps R, every eta up to the delta of H's continuity for half of what is to spare "
    "gives f(x) - g(x) > 2 eps R",
)
def _approx_fools(s: Scope) -> Claim:
    eps, tau = s.reals("eps tau")

    def tolerance(t: _Symbols, upper: Any, lower: Any) -> tuple[Any, dict[str, Any]]:
        spare = (upper - lower) - 2 * eps * (t.M - t.m)
        return tau, {"tau": 2 * tau == spare, "0 < eps": eps > 0}

    return _near(s, Approx(eps), tolerance, lambda t, f, g: f - g > 2 * eps * (t.M - t.m))


@obligation(
    "neuron/side-fools",
    "where H(w) < mid < H(u), every eta up to the delta of H's continuity for min(H(u) - mid, mid - H(w)) "
    "gives f(x) > mid > g(x)",
)
def _side_fools(s: Scope) -> Claim:
    (tau,) = s.reals("tau")

    def tolerance(t: _Symbols, upper: Any, lower: Any) -> tuple[Any, dict[str, Any]]:
        ends = t.m + t.M
        return tau, {"tau": 2 * tau == s.xp.minimum(2 * upper - ends, ends - 2 * lower)}

    def show(t: _Symbols, f: Any, g: Any) -> Any:
        return all_of([2 * f > t.m + t.M, 2 * g < t.m + t.M])

    return _near(s, Side(), tolerance, show)


@roles.exists(
    "neuron/exists",
    "where max x' = 1 and min x' = 0, no task is decidable: U(x) = M and W(x) = m",
)
def _exists(s: Scope) -> Claim:
    t = _Symbols(s)
    (eps, average) = s.reals("eps mean_x")
    one, zero = s.xp.number(1), s.xp.number(0)
    upper, lower, _ = t.values(t.feature(one, zero, average))
    tasks = (Exact(), Approx(eps), Side())
    return Claim(
        t.parameters | {"0 < eps": eps > 0, "eps < 1/2": 2 * eps < 1},
        all_of(undecided(task, s, lower, upper, t.m, t.M) for task in tasks),
        Fault("eps up to 1/2", without="eps < 1/2", instead=2 * eps <= 1),
    )


@roles.decides(
    "neuron/sound",
    "if what goes into the link of f has gone at x between min x' and max x' of the way, "
    "then H(min x') <= f(x) <= H(max x')",
)
def _sound(s: Scope) -> Claim:
    t = _Symbols(s)
    x, facts = t.at("x")
    (share,) = s.reals("share")
    upper, lower, _ = t.values(x)
    h = t.member(share)
    between = all_of([x.smallest <= share, share <= x.largest])
    return Claim(
        t.parameters | facts | {"min x' <= share <= max x'": between},
        all_of([lower <= h, h <= upper]),
        Fault("any share", without="min x' <= share <= max x'"),
    )


# -- one input -----------------------------------------------------------------------------------------------


class _Line:
    """f = h(g), g(z) = alpha + w z on [0, 1], a minimiser a and a maximiser b of f."""

    def __init__(self, s: Scope) -> None:
        self.alpha, self.w, self.a, self.b, self.x = s.reals("alpha w a b x")
        places = [self.a, self.b, s.xp.number(0), s.xp.number(1)]
        at = dict(zip("ab01", s.reals("f_a f_b f_0 f_1"), strict=True))
        self.f_a, self.f_b = at["a"], at["b"]
        known = [(self.g(z), value) for z, value in zip(places, at.values(), strict=True)]
        pairs = [(p, q) for k, p in enumerate(known) for q in known[:k]]
        self.given = {
            "a, b, x in [0, 1]": in_box((self.a, self.b, self.x)),
            "h increases strictly": all_of(
                all_of(_increasing(p, q, at_p, at_q)) for (p, at_p), (q, at_q) in pairs
            ),
            "a is a minimiser": all_of(self.f_a <= at[end] for end in "01"),
            "b is a maximiser": all_of(self.f_b >= at[end] for end in "01"),
        }

    def g(self, z: Any) -> Any:
        """What goes into the link."""
        return self.alpha + self.w * z


@roles.decodes(
    "neuron-1d/decodes",
    "if m < M, what goes into the link at x has gone the share |x-a| / |b-a| of the way from a to b",
)
def _decodes(s: Scope) -> Claim:
    t = _Line(s)
    (inv_reach,) = s.reals("inv_reach")
    share = interpolate(s.xp.number(0), s.xp.number(1), s.xp.abs(t.x - t.a), inv_reach)
    return Claim(
        t.given | {"m < M": t.f_a < t.f_b, "inv_reach": inv_reach * s.xp.abs(t.b - t.a) == 1},
        mix(t.g(t.a), t.g(t.b), share) == t.g(t.x),
        Fault("a need not be a minimiser", without="a is a minimiser"),
    )


@roles.decodes(
    "neuron-1d/decodes-constant", "if m = M, what goes into the link is the same at x as at a"
)
def _decodes_constant(s: Scope) -> Claim:
    t = _Line(s)
    return Claim(
        t.given | {"m = M": t.f_a == t.f_b},
        t.g(t.x) == t.g(t.a),
        Fault("m may be below M", without="m = M"),
    )


# -- what the theorems are proved from ----------------------------------------------------------------------


_AFFINE, _OF = collected("affine"), collected("neuron")
_LINKS = collected("leaky-relu")["links"]

EVIDENCE = {
    "neuron": Evidence(
        coq=("pair_defeats", "linked_spread", "neuron_extremes"),
        pair=(*ATTAINED, *_AFFINE["reads"], *_OF["pair"]),
        decides=(*_AFFINE["decides"], *_OF["decides"]),
        exists=(*_AFFINE["exists"], *_OF["exists"]),
        extremes=(*_AFFINE["extremes"], "neuron/order"),
        fools={task: f"neuron/{task}-fools" for task in ("exact", "approx", "side")},
        links=_LINKS,
        mixes=False,
        symbolic=LINK_SYMBOLIC,
        assumed=("induction over d", "continuity", "derivatives"),
    ),
    "neuron-1d": Evidence(
        decodes=("neuron/order", *collected("neuron-1d")["decodes"]),
        links=_LINKS,
        symbolic=LINK_SYMBOLIC,
        assumed=("derivatives",),
    ),
}


# -- what is checked in exact numbers, and how witnesses are written ----------------------------------------


class _LinkChecks(RowChecks):
    """What both rows say of their link; the plain one is t, or t/2 where t < 0."""

    is_curved = True

    def plain(self, d: int = 1) -> Any:
        return function_class(self.key, link="leaky-relu", slope="1/2")

    def admitted(self, d: int) -> Admitted:
        yield from super().admitted(d)
        yield self._sigmoid, shown((Fraction(0),) * d, (Fraction(1),) * d, "1/4", "3/4"), ()

    def refused(self, d: int) -> Refused:
        """The sigmoid takes the values strictly between 0 and 1."""
        yield from super().refused(d)
        a, b = (Fraction(0),) * d, (Fraction(1),) * d
        half = Fraction(1, 2)
        for low, high in ((0, half), (half, 1), (-1, half), (half, 2), (-1, 0), (1, 2)):
            yield f"{low} to {high} leaves (0, 1)", self._sigmoid, shown(a, b, low, high)
        yield "1 is not in (0, 1)", self._sigmoid, shown(a, a, 1, 1)

    @property
    def _sigmoid(self) -> Any:
        return function_class(self.key, link="sigmoid")

    def limits(self) -> Said:
        """Leaky ReLU needs a slope in (0, 1)."""
        yield from super().limits()
        slope = self.plain().slope
        yield "the slope of a sigmoid", self._sigmoid.slope == Fraction(1, 100)
        yield 'slope "1/2" is a number', slope == Fraction(1, 2) and isinstance(slope, Fraction)
        for bad in (0, 1, -1):
            yield (
                f"slope {bad} is refused",
                refuses(function_class, self.key, link="leaky-relu", slope=bad),
            )

    def closed_forms(self) -> Named:
        """Not those of the affine rows: a link bends a line."""
        yield from ()


class NeuronChecks(_LinkChecks, AffineChecks):
    """The limits of the affine row, under a link; at the centre of the box the value is known, if irrational."""

    def limits(self) -> Said:
        yield from super().limits()
        cls = function_class(self.key, link="tanh")
        v = shown((Fraction(0), Fraction(1)), (Fraction(1), Fraction(0)), "-1/3", "11/27")
        x = (Fraction(1, 2),) * 2
        yield (
            f"the value at {x} is the centre of its fibre",
            centre(cls, v, x) in cls.envelope(v, x),
        )


class Neuron1dChecks(_LinkChecks, Affine1dChecks):
    """A line under a link, whose inverse takes m = -1/2 to -1 and M to itself; from 1 to 2 it is affine."""

    ends_of_instances = (1, 2)

    def value(self, share: Fraction) -> Fraction:
        t = -1 + Fraction(7, 2) * share
        return t if t > 0 else t / 2

    def limits(self) -> Said:
        yield from super().limits()
        inside = shown((Fraction(1, 4),), (Fraction(0),))
        says = "the decoder takes no minimiser inside"
        yield says, refuses(neuron_1d, self.plain(), inside, (Fraction(0),))
        cls, v = self.plain(), shown((Fraction(1),), (Fraction(0),), "-1/2", "5/2")
        for x in (Fraction(0), Fraction(1, 8), Fraction(3, 4), Fraction(1)):
            member = Neuron1dRow(type(cls)).known(cls, v, EXACT.array((x,)), EXACT)
            yield f"the only member at {x}", member == neuron_1d(cls, v, (x,))

    def extremes_of_instances(self, d: int) -> Iterator[Extremes]:
        yield (Fraction(0),), (Fraction(1),)


CHECKS: dict[str, type[RowChecks]] = {"neuron": NeuronChecks, "neuron-1d": Neuron1dChecks}
