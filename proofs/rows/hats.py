"""Black-box, neural network, piecewise affine, ERM: hats with disjoint supports."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from trompe.constructions.rows.free import HatParameters, hat
from trompe.proofs.obligations import Claim, Fault, Scope, all_of, implies, obligation
from trompe.proofs.rows.common import values

__all__ = ["DATA_SIZES", "HAT_FACTS", "hat_values"]

HAT_FACTS = ("hats/shape", "hats/disjoint", "hats/elsewhere")
"""Dimension-free, for any distance with the triangle inequality."""

DATA_SIZES = (0, 1, 2)
"""Numbers of training points written out; each one stands for any, since at most one hat is active."""

_SENTENCES = ("range", "ends", "unique", "query")


def hat_values(n: int) -> tuple[str, ...]:
    """The sentences about U, W, B with n training points."""
    return tuple(f"hats/{name}/n{n}" for name in _SENTENCES) + ((f"hats/fits/n{n}",) if n else ())


@obligation("hats/shape", "a hat lies in [0, 1] and is 1 at its site only")
def _shape(s: Scope) -> Claim:
    r, delta, inv_delta = s.reals("r delta inv_delta")
    h = hat(r, inv_delta, s.xp)
    return Claim(
        {"r >= 0": r >= 0, "delta > 0": delta > 0, "inv_delta": inv_delta * delta == 1},
        all_of([h >= 0, h <= 1, (h == 1) == (r == 0)]),
        Fault("distances may be negative", without="r >= 0"),
    )


@obligation("hats/disjoint", "two hats whose sites are 2 delta apart are never both positive")
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


@obligation("hats/elsewhere", "at another site a hat is 0")
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
        self.m, self.M, inv_delta = s.reals("m M inv_delta")
        self.labels = tuple(s.reals(" ".join(f"y_{j + 1}" for j in range(n)))) if n else ()
        self.hats = tuple(
            s.reals(" ".join(["h_a", "h_b", "h_x"] + [f"h_{j + 1}" for j in range(n)]))
        )
        self.p = HatParameters(self.m, self.M, inv_delta, (None,) * (n + 3), self.labels)
        self.parameters: dict[str, Any] = {"m < M": self.m < self.M}
        if n:
            self.parameters["m < y_j < M"] = all_of(
                c for y in self.labels for c in (self.m < y, y < self.M)
            )

    def anywhere(self) -> dict[str, Any]:
        """What hats/shape and hats/disjoint say of the hats at any point."""
        return self.parameters | {
            "0 <= h <= 1": all_of(c for h in self.hats for c in (h >= 0, h <= 1)),
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
