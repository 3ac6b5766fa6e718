"""Black-box, neural network, piecewise affine, ERM: hats with disjoint supports."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from typing import Any

from trompe.constructions import CONSTRUCTIONS, Triple, mix
from trompe.constructions.expression_forms import rational
from trompe.constructions.rows.free import HatScale, hat
from trompe.proofs import roles
from trompe.proofs.closed_forms import Named, no_gap
from trompe.proofs.lemmas import ATTAINED, MIX
from trompe.proofs.metrics import METRIC_FACTS
from trompe.proofs.networks import GADGETS, TRANSLATIONS, TWO_UNITS
from trompe.proofs.obligations import Claim, Fault, Scope, all_of, collected, implies, obligation
from trompe.proofs.pieces import in_box, values
from trompe.proofs.row import (
    HIGH,
    LOW,
    Evidence,
    Instances,
    Membership,
    Refused,
    RowChecks,
    Said,
    shown,
)
from trompe.proofs.shapes import fields, point, texts
from trompe.proofs.symbolic import AtQuery, Identity, Symbols, at_query, register
from trompe.theory import (
    Comparison,
    Dataset,
    EmpiricalRiskMinimizer,
    FunctionClass,
    InvalidInput,
    Lipschitz,
)
from trompe.theory.functionals import l1, l2, linf

DATA_SIZES = (0, 1, 2)
"""Numbers of training points written out; each one stands for any, since at most one hat is active."""

_SENTENCES = ("range", "ends", "unique", "query")


def hat_values(n: int) -> tuple[str, ...]:
    """The sentences about U, W, B with n training points."""
    return tuple(f"hats/{name}/n{n}" for name in _SENTENCES) + ((f"hats/fits/n{n}",) if n else ())


@roles.reads("hats/shape", "a hat lies in [0, 1] and is 1 at its site only")
def _shape(s: Scope) -> Claim:
    r, delta, inv_delta = s.reals("r delta inv_delta")
    h = hat(r, inv_delta, s.xp)
    return Claim(
        {"r >= 0": r >= 0, "delta > 0": delta > 0, "inv_delta": inv_delta * delta == 1},
        all_of([h >= 0, h <= 1, (h == 1) == (r == 0)]),
        Fault("distances may be negative", without="r >= 0"),
    )


@roles.reads("hats/disjoint", "two hats whose sites are 2 delta apart are never both positive")
def _disjoint(s: Scope) -> Claim:
    r, q, apart, delta, inv_delta = s.reals("r q apart delta inv_delta")
    return Claim(
        {
            "delta > 0": delta > 0,
            "inv_delta": inv_delta * delta == 1,
            "2 delta <= |s-t|": 2 * delta <= apart,
            "|s-t| <= |z-s| + |z-t|": apart <= r + q,
        },
        s.xp.minimum(hat(r, inv_delta, s.xp), hat(q, inv_delta, s.xp)) == 0,
        Fault("delta apart only", without="2 delta <= |s-t|", instead=delta <= apart),
    )


@roles.reads("hats/elsewhere", "at another site a hat is 0")
def _elsewhere(s: Scope) -> Claim:
    apart, delta, inv_delta = s.reals("apart delta inv_delta")
    return Claim(
        {
            "delta > 0": delta > 0,
            "inv_delta": inv_delta * delta == 1,
            "2 delta <= |s-t|": 2 * delta <= apart,
        },
        hat(apart, inv_delta, s.xp) == 0,
        Fault("sites may be close", without="2 delta <= |s-t|"),
    )


class _Symbols:
    """m, M, labels and the hats of a, b, x and n training inputs at a point z."""

    def __init__(self, s: Scope, n: int) -> None:
        self.s = s
        self.m, self.M, _ = s.reals("m M inv_delta")  # the scripts declare all three
        self.labels = tuple(s.reals(" ".join(f"y_{j + 1}" for j in range(n)))) if n else ()
        self.hats = tuple(
            s.reals(" ".join(["h_a", "h_b", "h_x"] + [f"h_{j + 1}" for j in range(n)]))
        )
        self.p = HatScale(self.m, self.M, self.labels)
        self.parameters: dict[str, Any] = {"m < M": self.m < self.M}
        if n:
            self.parameters["m < y_j < M"] = all_of(
                c for y in self.labels for c in (self.m < y, y < self.M)
            )

    def anywhere(self) -> dict[str, Any]:
        """What hats/shape and hats/disjoint say of the hats at any point."""
        return self.parameters | {
            "0 <= h <= 1": in_box(self.hats),
            "disjoint": all_of(self.s.xp.minimum(h, k) == 0 for h, k in combinations(self.hats, 2)),
        }

    def values(self, hats: tuple[Any, ...] | None = None) -> tuple[Any, Any, Any]:
        construction = self.s.construction("erm")
        features = construction.Features(self.hats if hats is None else hats)
        return values(self.s, "erm", features, self.p)

    def at_site(self, k: int) -> tuple[Any, Any, Any]:
        """U, W, B at the k-th site, where hats/shape and hats/elsewhere fix every hat."""
        number = self.s.xp.number
        return self.values(tuple(number(int(k == i)) for i in range(len(self.hats))))


def _register(n: int) -> None:
    where = f"with {n} training point{'s' if n != 1 else ''}"

    @obligation(f"hats/range/n{n}", f"U, W, B take values in [m, M], {where}")
    def _range(s: Scope) -> Claim:
        t = _Symbols(s, n)
        return Claim(
            t.anywhere(),
            all_of(c for h in t.values() for c in (t.m <= h, h <= t.M)),
            Fault("labels of any size", without="m < y_j < M")
            if n
            else Fault("hats may overlap", without="disjoint"),
        )

    @obligation(f"hats/ends/n{n}", f"U, W, B are m at a and M at b, {where}")
    def _ends(s: Scope) -> Claim:
        t = _Symbols(s, n)
        at_a, at_b = t.at_site(0), t.at_site(1)
        return Claim(
            t.parameters,
            all_of([h == t.m for h in at_a] + [h == t.M for h in at_b]),
            Fault("the end points exchanged", show=all_of(h == t.M for h in at_a)),
        )

    @obligation(f"hats/unique/n{n}", f"B is m only where h_a = 1 and M only where h_b = 1, {where}")
    def _unique(s: Scope) -> Claim:
        t = _Symbols(s, n)
        _, _, strict = t.values()
        upper, _, _ = t.values()
        h_a, h_b = t.hats[:2]
        show = all_of([implies(strict == t.m, h_a == 1), implies(strict == t.M, h_b == 1)])
        return Claim(t.anywhere(), show, Fault("U for B", show=implies(upper == t.M, h_b == 1)))

    @obligation(f"hats/query/n{n}", f"U(x) = M and W(x) = m, {where}")
    def _query(s: Scope) -> Claim:
        t = _Symbols(s, n)
        upper, lower, strict = t.at_site(2)
        return Claim(
            t.parameters,
            all_of([upper == t.M, lower == t.m, 2 * strict == t.m + t.M]),
            Fault("B for U", show=strict == t.M),
        )

    if not n:
        return

    @obligation(f"hats/fits/n{n}", f"U, W, B take the label at every training input, {where}")
    def _fits(s: Scope) -> Claim:
        t = _Symbols(s, n)
        show = [h == t.labels[j] for j in range(n) for h in t.at_site(3 + j)]
        wrong = [h == t.labels[0] for h in t.at_site(2)]
        return Claim(t.parameters, all_of(show), Fault("the label at x too", show=all_of(wrong)))


for _n in DATA_SIZES:
    _register(_n)


# -- empirical risk ----------------------------------------------------------------------------------

RISK = tuple(f"erm/least-risk/n{n}" for n in (1, 2, 3))
CONFLICTS = tuple(f"erm/conflicting-labels/k{k}" for k in (2, 3))


def _register_risk(n: int) -> None:
    @obligation(
        f"erm/least-risk/n{n}",
        f"a function that fits {n} label{'s' if n > 1 else ''} has the least empirical risk of all "
        "functions, for every loss with l(t, t) <= l(p, t)",
    )
    def _risk(s: Scope) -> Claim:
        fitted = s.reals(" ".join(f"loss_y{j}_y{j}" for j in range(1, n + 1)))
        other = s.reals(" ".join(f"loss_p{j}_y{j}" for j in range(1, n + 1)))
        return Claim(
            {
                f"l(y{j}, y{j}) <= l(p{j}, y{j})": t <= u
                for j, (t, u) in enumerate(zip(fitted, other, strict=True), 1)
            },
            sum(fitted[1:], fitted[0]) <= sum(other[1:], other[0]),
            Fault("no condition on the loss at the first label", without="l(y1, y1) <= l(p1, y1)"),
        )


for _n in (1, 2, 3):
    _register_risk(_n)


def _register_conflict(k: int) -> None:
    @obligation(
        f"erm/conflicting-labels/k{k}",
        f"of {k} labels of one input, the mean minimises the squared loss and lies in the open range",
    )
    def _conflict(s: Scope) -> Claim:
        m, M, prediction, mean = s.reals("m M p mean")
        labels = s.reals(" ".join(f"y_{i + 1}" for i in range(k)))

        def risk(answer: Any) -> Any:
            return sum(
                ((answer - y) * (answer - y) for y in labels[1:]),
                (answer - labels[0]) * (answer - labels[0]),
            )

        return Claim(
            {
                "m < y_i < M": all_of(c for y in labels for c in (m < y, y < M)),
                "mean": k * mean == sum(labels[1:], labels[0]),
            },
            all_of([risk(mean) <= risk(prediction), m < mean, mean < M]),
            Fault("the first label for the mean", show=risk(labels[0]) <= risk(prediction)),
        )


for _k in (2, 3):
    _register_conflict(_k)


# -- Lipschitz with unknown constant ----------------------------------------------------------------------


@roles.includes(
    "lipschitz-unknown/coordinate",
    "if |w_k| <= L then |w_k u_k| <= L |u_k| (one coordinate)",
)
def _coordinate(s: Scope) -> Claim:
    w, u, L = s.reals("w_k u_k L")
    return Claim(
        {"|w_k| <= L": s.xp.abs(w) <= L},
        s.xp.abs(w * u) <= L * s.xp.abs(u),
        Fault("a slope above L", without="|w_k| <= L"),
    )


@roles.includes(
    "lipschitz-unknown/piece",
    "if each |p_k| <= L r_k then |p_1 + .. + p_d| <= L (r_1 + .. + r_d): one affine piece is L-Lipschitz in l1",
    per_dim=True,
)
def _piece(s: Scope, d: int) -> Claim:
    p, r = s.point("p", d), s.point("r", d)
    (L,) = s.reals("L")
    return Claim(
        {f"|p_{k + 1}| <= L r_{k + 1}": s.xp.abs(p[k]) <= L * r[k] for k in range(d)},
        s.xp.abs(s.xp.sum(p)) <= L * s.xp.sum(r),
        Fault("the first coordinate free", without="|p_1| <= L r_1"),
    )


@roles.includes(
    "lipschitz-unknown/segment",
    "for p between y and z, |y-p| + |p-z| = |y-z| (one coordinate, and so in l1)",
)
def _segment(s: Scope) -> Claim:
    y, z, w = s.reals("y_k z_k w")
    p = mix(y, z, w)
    return Claim(
        {"0 <= w <= 1": all_of([w >= 0, w <= 1])},
        s.xp.abs(y - p) + s.xp.abs(p - z) == s.xp.abs(y - z),
        Fault("p beyond z", without="0 <= w <= 1"),
    )


@roles.includes(
    "lipschitz-unknown/pieces",
    "if h is L-Lipschitz from y to p and from p to z, with |y-p| + |p-z| = |y-z|, then so it is from y to z",
)
def _pieces(s: Scope) -> Claim:
    at_y, at_p, at_z, yp, pz, yz, L = s.reals("h_y h_p h_z yp pz yz L")
    law = Lipschitz().law
    return Claim(
        {
            "h: law at y, p": law(Comparison(at_y, at_p, bound=L * yp), s.xp),
            "h: law at p, z": law(Comparison(at_p, at_z, bound=L * pz), s.xp),
            "p on the segment": yp + pz == yz,
        },
        law(Comparison(at_y, at_z, bound=L * yz), s.xp),
        Fault("h need not be Lipschitz beyond p", without="h: law at p, z"),
    )


@roles.includes(
    "lipschitz-unknown/norms",
    "linf <= l2 and l1 <= d linf, and l1 <= d l2: Lipschitz in l1 with L is Lipschitz in l2 and linf with d L",
    per_dim=True,
)
def _norms(s: Scope, d: int) -> Claim:
    y, z = s.point("y", d), s.point("z", d)
    sums, root, largest = l1(y, z, s.xp), l2(y, z, s.xp), linf(y, z, s.xp)
    factor = s.xp.number(Fraction(d))
    return Claim(
        s.root_equations(),
        all_of([largest <= root, sums <= factor * largest]),
        Fault("half of linf", show=sums <= factor * largest * s.xp.number(Fraction(1, 2))),
    )


# -- what the theorems are proved from ----------------------------------------------------------------------


def _at_query(sympy: Any, t: Symbols) -> AtQuery:
    return AtQuery(HatScale(t.m, t.M, ()), ((0, 0, 1),), t.M, t.m)


def _mean_minimises(sympy: Any) -> tuple[Any, Any, Any]:
    p, y1, y2, y3 = sympy.symbols("p y1 y2 y3")
    labels = (y1, y2, y3)
    mean = sum(labels) / 3
    left = sum((p - y) ** 2 for y in labels) - sum((mean - y) ** 2 for y in labels)
    return left, 3 * (p - mean) ** 2, 3 * (p - y1) ** 2


_ENDS = at_query("erm", _at_query, ", no training points")
_MEAN = register(
    Identity(
        "symbolic/mean-minimises",
        "the squared loss of three labels of one input exceeds that of their mean by 3 (p - mean)^2",
        _mean_minimises,
    )
)
_HAT_PAIR = (*MIX, *ATTAINED, *collected("hats")["reads"], *METRIC_FACTS["l1"])
_WITH_DATA = tuple(key for n in DATA_SIZES for key in hat_values(n))

EVIDENCE = {
    "black-box": Evidence(coq=("pair_defeats", "shown_decidable"), inherits="piecewise-affine"),
    "piecewise-affine": Evidence(
        coq=("pair_defeats", "shown_decidable", "piecewise_affine_continuous"),
        inherits="neural-network",
        includes=("network/relu-is-piecewise-affine",),
        assumed=("layers",),
    ),
    "neural-network": Evidence(
        coq=("pair_defeats", "shown_decidable"),
        pair=(
            *_HAT_PAIR,
            *hat_values(0),
            *GADGETS,
            *TRANSLATIONS["neural-network"],
            *TWO_UNITS,
        ),
        symbolic=_ENDS,
        assumed=("induction over d", "networks"),
    ),
    "erm": Evidence(
        coq=("pair_defeats", "shown_decidable", "erm_data_decidable"),
        pair=(*_HAT_PAIR, *_WITH_DATA, *GADGETS, *TRANSLATIONS["erm"], *RISK, *CONFLICTS),
        symbolic=_ENDS,
        also_symbolic=_MEAN,
        assumed=("induction over d", "induction over n", "networks"),
    ),
    "lipschitz-unknown": Evidence(
        coq=("pair_defeats", "shown_decidable", "distance_metric"),
        inherits="piecewise-affine",
        includes=collected("lipschitz-unknown")["includes"],
        assumed=("pieces",),
    ),
}


# -- what is checked in exact numbers, and how witnesses are written ----------------------------------------


class HatChecks(RowChecks):
    """A row whose triple is one of hats."""

    slowness = 1
    membership: Membership = "network"

    def parameters(self, t: Triple, p: Any) -> Said:
        data = getattr(t.cls, "data", Dataset())
        sites = (t.v.argmin, t.v.argmax, t.x, *data.inputs)
        yield "the sites are a, b, x and the training inputs", p.sites == sites
        yield "the labels", p.labels == data.labels
        apart = min(
            sum(abs(si - ri) for si, ri in zip(s, r, strict=True))
            for s, r in combinations(sites, 2)
        )
        yield "delta > 0 and 2 delta <= |s-t|", p.inv_delta > 0 and p.inv_delta * apart >= 2


class NoGapChecks(HatChecks):
    """Also a row of the paper's table."""

    def closed_forms(self) -> Named:
        return no_gap(self.key, CONSTRUCTIONS["erm"], _at_query)


class NetworkChecks(NoGapChecks):
    """A row whose members are piecewise affine."""

    computes_networks = True


class ErmChecks(NetworkChecks):
    """Networks that fit the labels of a data set."""

    membership = "fits"

    def plain(self, d: int = 1) -> FunctionClass:
        return _fitting(d, 1, 2)

    def refused(self, d: int) -> Refused:
        yield from super().refused(d)
        a, b = self.extremes_at(d)
        v = shown(a, b)
        for label in (LOW, HIGH, LOW - 1, HIGH + 1):
            for labels in ((label, 1), (1, label)):
                yield f"a label is {label}", _fitting(d, *labels), v
        for says, s in (("the minimiser", a), ("the maximiser", b)):
            data = Dataset([(Fraction(1, 2),) * d, s], [1, 1])
            yield f"a training input is {says}", EmpiricalRiskMinimizer(data), v
        yield "training inputs of d + 1 coordinates", _fitting(d + 1, 1), v

    def instances(self, row: Any, d: int) -> Instances:
        data = Dataset([(Fraction(0),) * d, (Fraction(1),) * d], ["1/3", "1/2"])
        for _, _, v in super().instances(row, d):
            yield row, EmpiricalRiskMinimizer(data), v

    def write_parameters(self, cls: Any) -> dict[str, Any]:
        pairs = zip(cls.data.inputs, cls.data.labels, strict=True)
        return {"data": [{"input": texts(s), "label": str(y)} for s, y in pairs]}

    def read_class(self, data: Any, dim: int) -> FunctionClass:
        items = fields(data, ("data",), "parameters")["data"]
        if not isinstance(items, list):
            raise InvalidInput("parameters.data: expected a list of inputs with labels")
        inputs, labels = [], []
        for j, item in enumerate(items):
            where = f"parameters.data[{j}]"
            said = fields(item, ("input", "label"), where)
            inputs.append(point(said["input"], f"{where}.input", dim))
            labels.append(rational(said["label"], f"{where}.label"))
        return EmpiricalRiskMinimizer(Dataset(inputs, labels))


def _fitting(d: int, *labels: Any) -> FunctionClass:
    """Networks that fit these labels, at inputs along an axis."""
    inputs = [(Fraction(k), *(Fraction(1, 2),) * (d - 1)) for k in range(len(labels))]
    return EmpiricalRiskMinimizer(Dataset(inputs, labels))


CHECKS: dict[str, type[RowChecks]] = {
    "black-box": NoGapChecks,
    "neural-network": NetworkChecks,
    "piecewise-affine": NetworkChecks,
    "erm": ErmChecks,
    "lipschitz-unknown": HatChecks,
}
