"""L-Lipschitz functions over an abstract metric: every sentence here is dimension-free."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from trompe.constructions import Triple, triple
from trompe.constructions.expression_forms import rational
from trompe.constructions.rows.lipschitz import LipschitzScale
from trompe.proofs import levels, roles
from trompe.proofs.closed_forms import Named
from trompe.proofs.closed_forms_lipschitz import lipschitz_identities
from trompe.proofs.lemmas import ATTAINED, MIX, closed_under_mixing
from trompe.proofs.metrics import LAGRANGE, METRIC_FACTS, MIDPOINTS
from trompe.proofs.obligations import (
    Claim,
    Fault,
    Scope,
    all_of,
    any_of,
    collected,
    implies,
    obligation,
)
from trompe.proofs.pieces import half_way, members, range_ends_and_uniqueness, values
from trompe.proofs.row import (
    Admitted,
    Evidence,
    Extremes,
    Instances,
    Levels,
    Refused,
    RowChecks,
    Said,
    refuses,
    shown,
)
from trompe.proofs.shapes import fields
from trompe.proofs.sharp.cells import Cells, Form, Kinks, along, differences, intervals
from trompe.proofs.sharp.cubes import Cubes
from trompe.proofs.sharp.random_queries import SAMPLED_DIM, estimate
from trompe.proofs.solvers import z3
from trompe.proofs.symbolic import AtQuery, Symbols, at_query
from trompe.theory import (
    Approx,
    Comparison,
    FunctionClass,
    Interval,
    InvalidInput,
    Lipschitz,
    Point,
    Side,
    Task,
    Visualization,
    function_class,
)
from trompe.theory.functionals import METRICS
from trompe.theory.rows.lipschitz import ConesShares
from trompe.theory.shares.cones import ConeSetting
from trompe.theory.shares.quantities import Quantity, between, exact, sampled


class _Symbols:
    def __init__(self, s: Scope) -> None:
        self.s = s
        self.m, self.M, self.L, self.apart = s.reals("m M L apart")
        self.p = LipschitzScale(self.m, self.M, self.L)
        self.parameters = {
            "m < M": self.m < self.M,
            "L > 0": self.L > 0,
            "R <= L |a-b|": self.M - self.m <= self.L * self.apart,
        }

    def at(self, name: str) -> tuple[Any, dict[str, Any]]:
        """The features of a point and what a metric says of them."""
        from_a, from_b = self.s.reals(f"{name}_from_a {name}_from_b")
        facts = {
            f"|{name}-a| >= 0": from_a >= 0,
            f"|{name}-b| >= 0": from_b >= 0,
            f"|a-b| <= |{name}-a| + |{name}-b|": self.apart <= from_a + from_b,
        }
        return self.feature(from_a, from_b), facts

    def ends(self) -> tuple[Any, Any, dict[str, Any]]:
        zero = self.s.xp.number(0)
        return self.feature(zero, self.apart), self.feature(self.apart, zero), {}

    def values(self, features: Any) -> tuple[Any, Any, Any]:
        return values(self.s, "lipschitz", features, self.p)

    def feature(self, from_a: Any, from_b: Any) -> Any:
        return self.s.construction("lipschitz").Features(from_a, from_b)


range_ends_and_uniqueness(
    "lipschitz",
    _Symbols,
    Fault("distances may be negative", without="|z-a| >= 0"),
    ("m at a and M at b", Fault("L below R/|a-b|", without="R <= L |a-b|")),
    ("|z-a| = 0 and M only where |z-b| = 0", lambda z: z.from_a == 0, lambda z: z.from_b == 0),
)


@roles.pair("lipschitz/order", "m <= W <= B <= U <= M everywhere")
def _order(s: Scope) -> Claim:
    t = _Symbols(s)
    z, facts = t.at("z")
    upper, lower, strict = t.values(z)
    return Claim(
        t.parameters | facts,
        all_of([t.m <= lower, lower <= strict, strict <= upper, upper <= t.M]),
        Fault("L below R/|a-b|", without="R <= L |a-b|"),
    )


def _member(which: int, name: str) -> None:
    @roles.pair(f"lipschitz/member-{name}", f"{'UW'[which]} is L-Lipschitz")
    def _build(s: Scope) -> Claim:
        t = _Symbols(s)
        y, facts_y = t.at("y")
        z, facts_z = t.at("z")
        (distance,) = s.reals("yz")
        given = {
            "distances to a differ by at most |y-z|": s.xp.abs(y.from_a - z.from_a) <= distance,
            "distances to b differ by at most |y-z|": s.xp.abs(y.from_b - z.from_b) <= distance,
        }
        law = members(s, "lipschitz", Lipschitz(), t.p, y, z, bound=t.L * distance)
        half = members(s, "lipschitz", Lipschitz(), t.p, y, z, bound=t.L * distance / 2)
        return Claim(
            t.parameters | facts_y | facts_z | given,
            law[which],
            Fault("half of L", show=half[which]),
        )


_member(0, "upper")
_member(1, "lower")
half_way("lipschitz", _Symbols)


@roles.decides(
    "lipschitz/sound", "W(x) <= h(x) <= U(x) for every L-Lipschitz h with this visualization"
)
def _sound(s: Scope) -> Claim:
    t = _Symbols(s)
    x, facts = t.at("x")
    (h,) = s.reals("h_x")
    upper, lower, _ = t.values(x)
    near_a = Lipschitz().law(Comparison(h, t.m, bound=t.L * x.from_a), s.xp)
    near_b = Lipschitz().law(Comparison(h, t.M, bound=t.L * x.from_b), s.xp)
    return Claim(
        t.parameters
        | facts
        | {
            "h: law at x, a": near_a,
            "h: law at x, b": near_b,
            "m <= h(x) <= M": all_of([t.m <= h, h <= t.M]),
        },
        all_of([lower <= h, h <= upper]),
        Fault("h need not be Lipschitz between x and a", without="h: law at x, a"),
    )


@roles.threshold("lipschitz/threshold-above", "if L min(|x-a|, |x-b|) > R/2 then W(x) < mid < U(x)")
def _above(s: Scope) -> Claim:
    t = _Symbols(s)
    x, facts = t.at("x")
    upper, lower, _ = t.values(x)
    nearest = s.xp.minimum(x.from_a, x.from_b)
    open_question = z3.Not(any_of(Side().criterion(Interval(lower, upper), t.m, t.M, s.xp)))
    return Claim(
        t.parameters | facts | {"L above the threshold": 2 * t.L * nearest > t.M - t.m},
        open_question,
        Fault(
            "a threshold of R/4",
            without="L above the threshold",
            instead=4 * t.L * nearest > t.M - t.m,
        ),
    )


@roles.threshold(
    "lipschitz/threshold-below", "if L min(|x-a|, |x-b|) <= R/2 then U(x) <= mid or W(x) >= mid"
)
def _below(s: Scope) -> Claim:
    t = _Symbols(s)
    x, facts = t.at("x")
    upper, lower, _ = t.values(x)
    nearest = s.xp.minimum(x.from_a, x.from_b)
    return Claim(
        t.parameters | facts | {"L at most the threshold": 2 * t.L * nearest <= t.M - t.m},
        any_of(Side().criterion(Interval(lower, upper), t.m, t.M, s.xp)),
        Fault(
            "a threshold of 3R/4",
            without="L at most the threshold",
            instead=4 * t.L * nearest <= 3 * (t.M - t.m),
        ),
    )


@roles.exists(
    "lipschitz/exists",
    "for every L and all a, b apart, R = L |a-b| / 2 and x half-way give U(x) = M and W(x) = m",
)
def _exists(s: Scope) -> Claim:
    t = _Symbols(s)
    x, facts = t.at("x")
    upper, lower, _ = t.values(x)
    half_way = all_of([2 * x.from_a == t.apart, 2 * x.from_b == t.apart])
    return Claim(
        t.parameters
        | facts
        | {"x half-way": half_way, "R = L |a-b| / 2": 2 * (t.M - t.m) == t.L * t.apart},
        all_of([upper == t.M, lower == t.m]),
        Fault("R up to L |a-b|", without="R = L |a-b| / 2"),
    )


# -- where less is shown: the side ------------------------------------------------------------------------


@obligation(
    "lipschitz/near-threshold-below",
    "if L min(|x-a|, |x-b|) <= R/2, one side of (alpha + beta)/2 holds f(x) for every L-Lipschitz f with f(a) = alpha, "
    "f(b) = beta",
)
def _near_below(s: Scope) -> Claim:
    t = _Symbols(s)
    x, facts = t.at("x")
    h, k = s.reals("h_x k_x")
    laws = {
        f"{name}: law at x, {end}": Lipschitz().law(
            Comparison(value, at, bound=t.L * distance), s.xp
        )
        for name, value in (("h", h), ("k", k))
        for end, at, distance in (("a", t.m, x.from_a), ("b", t.M, x.from_b))
    }
    task, nearest = Side(), s.xp.minimum(x.from_a, x.from_b)
    right = [
        all_of(task.correct(answer, q, t.m, t.M, s.xp) for q in (h, k)) for answer in task.choices
    ]
    return Claim(
        t.parameters | facts | laws | {"L at most the threshold": 2 * t.L * nearest <= t.M - t.m},
        any_of(right),
        Fault(
            "a threshold of 3R/4",
            without="L at most the threshold",
            instead=4 * t.L * nearest <= 3 * (t.M - t.m),
        ),
    )


@obligation(
    "lipschitz/small-range",
    "the range L min(|a-b|, |x-a|, |x-b|) is possible, and with it L min(|x-a|, |x-b|) > R/2",
)
def _small_range(s: Scope) -> Claim:
    L, apart, from_a, from_b, R = s.reals("L apart x_from_a x_from_b R")
    nearest = s.xp.minimum(from_a, from_b)
    return Claim(
        {
            "L > 0": L > 0,
            "a, b, x are different": all_of([apart > 0, from_a > 0, from_b > 0]),
            "R": L * s.xp.minimum(apart, nearest) == R,
        },
        all_of([R > 0, L * apart >= R, 2 * L * nearest > R]),
        Fault(
            "the range L |a-b|",
            without="R",
            instead=L * apart == R,
        ),
    )


@obligation(
    "lipschitz/third-point",
    "the coordinate half-way between those of b and x lies in [0, 1], and is that of b or of x only where they agree",
)
def _third_point(s: Scope) -> Claim:
    a, b, x = s.reals("a b x")
    return Claim(
        {"half-way": 2 * a == b + x, "b, x in [0, 1]": all_of([b >= 0, b <= 1, x >= 0, x <= 1])},
        all_of([a >= 0, a <= 1, implies(any_of([a == b, a == x]), b == x)]),
        Fault("b may lie outside", without="b, x in [0, 1]"),
    )


# -- what the theorems are proved from ----------------------------------------------------------------------


def _at_query(sympy: Any, t: Symbols) -> AtQuery:
    return AtQuery(
        LipschitzScale(t.m, t.M, t.gamma),
        (t.s, t.far),
        sympy.Min(t.M, t.m + t.gamma * t.s),
        sympy.Max(t.m, t.M - t.gamma * t.far),
    )


_ALL_METRICS = tuple(dict.fromkeys(key for keys in METRIC_FACTS.values() for key in keys))

_OF = collected("lipschitz")

_PAIR = (*MIX, *ATTAINED, *_OF["pair"], *_ALL_METRICS, closed_under_mixing("lipschitz"))


def _levels() -> Levels:
    """Near, the pair of the extremes keeps the promise; with less shown, it is the pair of a small range."""
    above, _ = _OF["threshold"]
    fools = (above, "side/fools")
    found = {
        ("side", "near"): {
            "pair": (*_PAIR, levels.HOLDS),
            "fools": (*fools, "side/defeats"),
            "decides": ("lipschitz/near-threshold-below",),
        }
    }
    for level, points in (
        ("maximum", ("lipschitz/third-point",)),
        ("images", ()),
        ("argmax", ("lipschitz/third-point",)),
    ):
        small = ("lipschitz/small-range", *points)
        found["side", level] = {"pair": (*_PAIR, *small), "fools": (*fools, levels.DEFEATS["side"])}
    return found


EVIDENCE = {
    "lipschitz": Evidence(
        coq=("pair_defeats", "distance_metric", "lipschitz_ordered", "lipschitz_threshold"),
        pair=_PAIR,
        decides=_OF["decides"],
        exists=(*_OF["exists"], *MIDPOINTS),
        threshold=_OF["threshold"],
        symbolic=at_query("lipschitz", _at_query),
        also_symbolic=LAGRANGE,
        assumed=("induction over d",),
        levels=_levels(),
    )
}


# -- what is checked in exact numbers, and how witnesses are written ----------------------------------------


class LipschitzChecks(RowChecks):
    """|a - b| = 1/2 in every metric, so that L = 6 is the least that may be shown; the class has L = 7."""

    membership = "lipschitz"
    leaves_everything = False
    slowness = 2

    def plain(self, d: int = 1) -> FunctionClass:
        return Lipschitz(Fraction(7), "l2")

    def extremes_at(self, d: int) -> Extremes:
        a, b = ((Fraction(k, 4), *(Fraction(1, 4),) * (d - 1)) for k in (1, 3))
        return a, b

    def refused(self, d: int) -> Refused:
        yield from super().refused(d)
        for metric in METRICS:
            steep = Lipschitz(Fraction(599, 100), metric)
            says = f"L = 599/100 is below R/|a-b| = 6 in {metric}"
            yield says, steep, shown(*self.extremes_at(d))

    def admitted(self, d: int) -> Admitted:
        yield from super().admitted(d)
        for metric in METRICS:
            yield Lipschitz(Fraction(6), metric), shown(*self.extremes_at(d)), ()

    def limits(self) -> Said:
        for metric in METRICS:
            cls: Any = function_class(self.key, constant="6", metric=metric)
            yield 'L = "6" is the number 6', cls.constant == 6 and type(cls.constant) is Fraction
        for constant in (0, -1, "-1/2"):
            yield f"L = {constant} is refused", refuses(Lipschitz, constant)
        yield "there is no metric l3", refuses(Lipschitz, Fraction(1), "l3")
        yield from _irrational()

    def closed_forms(self) -> Named:
        return lipschitz_identities()

    def closer(self, row: Any, d: int, eps: Fraction, number: Quantity) -> Quantity:
        """An eps share without closed form: integrated exactly, enclosed by cubes, or estimated."""
        cls, v = row.cones.shown(d)
        if number.lower > Decimal("0.99") or row.cones.at(d).exceeds(1 + 2 * eps):
            return number
        if cls.metric != "l2" and d <= 2:
            return exact(Cells(cls, v, self.kinks(cls, v)).share(Approx(eps)))
        if d <= 3:
            # The share falls as L grows; for lambda in l2 the L at hand is rounded up at 10^-9.
            below = Lipschitz(cls.constant - v.range / 10**9, cls.metric)
            low, high = (Cubes(c, v).share(Approx(eps)) for c in (cls, below))
            return between(low.lower, high.upper)
        if d <= SAMPLED_DIM:
            return sampled(*estimate(cls, v, eps, "approx"))
        return number

    def parts(self, cls: Any, v: Visualization) -> Cells | Cubes:
        return Cubes(cls, v) if cls.metric == "l2" and v.dim > 1 else super().parts(cls, v)

    def kinks(self, cls: Any, v: Visualization) -> Kinks:
        shown = (v.argmin, v.argmax)
        forms: list[Form] = []
        if cls.metric == "linf":
            forms = [form for s in shown for form in differences(along(s))]
        forms += [_beyond(cls, s, v.range / cls.constant) for s in shown]
        return Kinks(intervals(*shown), forms)

    def about(self, cls: Any, v: Visualization) -> str:
        return f"L = {cls.constant} in {cls.metric}, {v}"

    def instances(self, row: Any, d: int) -> Instances:
        """The row's own setting first, then every metric at corners and inside the box."""
        settings = [row.cones] if row.cones.dim in (None, d) else []
        if row.cones.dim == d == 3 and row.cones.metric != "l2":
            settings = []  # too many simplices; at d = 3 corners are checked
        for norm in ("l1", "linf", "l2"):
            settings += [ConeSetting(norm, stretch=s) for s in (Fraction(5, 4), Fraction(2))]
            if d < 3:
                a, b = (Fraction(1, 4), Fraction(1, 3))[:d], (Fraction(3, 4), Fraction(1, 2))[:d]
                settings.append(ConeSetting(norm, constant=Fraction(5, 2), argmin=a, argmax=b))
        for setting in dict.fromkeys(settings):
            cls, v = setting.shown(d)
            given = ConeSetting(setting.metric, None, cls.constant, v.range, v.argmin, v.argmax)
            yield ConesShares(Lipschitz, given), cls, v

    def write_parameters(self, cls: Any) -> dict[str, Any]:
        return {"constant": str(cls.constant), "metric": cls.metric}

    def read_class(self, data: Any, dim: int) -> FunctionClass:
        said = fields(data, ("constant", "metric"), "parameters")
        if said["metric"] not in list(METRICS):
            raise InvalidInput(f"parameters.metric: expected one of {', '.join(METRICS)}")
        return Lipschitz(rational(said["constant"], "parameters.constant"), said["metric"])

    def why_decided(self, made: Triple, task: Task) -> str:
        if not isinstance(task, Side):
            return ""
        cls: Any = made.cls
        nearest = min(cls.distance(made.x, made.v.argmin), cls.distance(made.x, made.v.argmax))
        return (
            f"L = {cls.constant} is at most R / (2 min(|x-a|, |x-b|)) = {made.v.range / (2 * nearest)}, and up to "
            "there the side is decidable"
        )


def _beyond(cls: Lipschitz, s: Point, reach: Fraction) -> Form:
    return lambda x: cls.distance(x, s) - reach


def _irrational() -> Said:
    """In l2 the fibre may end at an irrational number; eta is rational and just below what it may be."""
    import sympy

    v = Visualization((Fraction(0), Fraction(0)), (Fraction(1), Fraction(1)), 0, 2)
    t = triple(Lipschitz(Fraction(3), "l2"), v, (Fraction(1, 2), Fraction(1, 3)))
    u, w = (sympy.sympify(end) for end in (t.envelope.upper, t.envelope.lower))
    bounds = {
        Approx(Fraction(1, 4)): (u - w - 1) / (2 * (u - w)),
        Side(): sympy.Min(u - 1, 1 - w) / 4,
    }
    for task, bound in bounds.items():
        eta = t.pair_for(task).eta
        yield f"eta for {task.key} is rational at {t.x}", isinstance(eta, Fraction)
        n = 1 / eta
        yield f"eta for {task.key} is 1/n, at most {bound}", n == int(n) and bool(n >= 1 / bound)
        yield f"1/(n-1) for {task.key} is above {bound}", bool(n - 1 < 1 / bound)


CHECKS: dict[str, type[RowChecks]] = {"lipschitz": LipschitzChecks}
