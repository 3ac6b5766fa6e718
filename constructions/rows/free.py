"""Black-box, piecewise affine, networks, ERM, Lipschitz with unknown L: hats about every point that counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any, NamedTuple

from trompe.constructions.draws import (
    Member,
    Pick,
    Value,
    between_cones,
    distance,
    distinct,
    draw_network,
    draw_point,
    draw_rational,
    ends,
    several,
    texts,
)
from trompe.constructions.questions import HALF, QUARTER, beside, flat_point
from trompe.constructions.row import Row
from trompe.constructions.triples import Construction, Scale, Triple
from trompe.theory import (
    Dataset,
    EmpiricalRiskMinimizer,
    FunctionClass,
    Point,
    Visualization,
)
from trompe.theory.fibres import Fibres
from trompe.theory.functionals import (
    exact_distance,
    l1,
    least,
)
from trompe.theory.namespace import Array, ArrayNamespace


@dataclass(frozen=True)
class HatScale(Scale):
    """m, M and the labels y_j."""

    labels: tuple[Any, ...]


@dataclass(frozen=True)
class HatParameters(HatScale):
    """Also the reciprocal of delta and the sites (a, b, x, s_1, ..., s_n)."""

    inv_delta: Any
    sites: tuple[Any, ...]


class Hats(Construction):
    """l1 hats about a, b, x and every training input, with disjoint supports.

    h_s(z) = max(0, 1 - |z-s|_1 / delta) with 2 delta at most every distance of two sites. B is m at a,
    M at b, y_j at s_j and mid where no hat reaches; U and W add and subtract R/2 of the hat about x.
    A ReLU network with two hidden layers computes each of them.
    """

    row = "erm"
    formulas = {
        "U": "B(z) + (R/2) h_x(z)",
        "W": "B(z) - (R/2) h_x(z)",
        "B": "mid - (R/2) h_a(z) + (R/2) h_b(z) + sum_j (y_j - mid) h_{s_j}(z), "
        "h_s(z) = max(0, 1 - |z-s|_1/delta)",
    }

    class Features(NamedTuple):
        """The hats about a, b, x and the training inputs, at z."""

        hats: tuple[Array, ...]

    def parameters(self, cls: FunctionClass, v: Visualization, x: Point) -> HatParameters:
        data = getattr(cls, "data", None)
        inputs = data.inputs if data is not None else ()
        sites = (v.argmin, v.argmax, x, *inputs)
        apart = least(exact_distance(l1, s, t) for s, t in combinations(sites, 2))
        return HatParameters(
            v.minimum, v.maximum, data.labels if data is not None else (), 2 / apart, sites
        )

    def features(self, z: Array, p: HatParameters, xp: ArrayNamespace) -> Features:
        return self.Features(tuple(hat(l1(z, site, xp), p.inv_delta, xp) for site in p.sites))

    def upper(self, features: Features, p: HatScale, xp: ArrayNamespace) -> Array:
        return self.strict(features, p, xp) + self._half(p, xp) * features.hats[2]

    def lower(self, features: Features, p: HatScale, xp: ArrayNamespace) -> Array:
        return self.strict(features, p, xp) - self._half(p, xp) * features.hats[2]

    def strict(self, features: Features, p: HatScale, xp: ArrayNamespace) -> Array:
        at_a, at_b, _, *at_data = features.hats
        mid = (p.low + p.high) * xp.number(Fraction(1, 2))
        value = mid - self._half(p, xp) * at_a + self._half(p, xp) * at_b
        for label, at_input in zip(p.labels, at_data, strict=True):
            value = value + (label - mid) * at_input
        return value

    @staticmethod
    def _half(p: Scale, xp: ArrayNamespace) -> Any:
        return (p.high - p.low) * xp.number(Fraction(1, 2))


def hat(distance: Array, inv_delta: Any, xp: ArrayNamespace) -> Array:
    """max(0, 1 - distance/delta): 1 at the site, 0 from delta on."""
    return xp.maximum(xp.number(0), xp.number(1) - inv_delta * distance)


# -- random members and questions ---------------------------------------------------------------------------


class FreeRow(Row):
    """A row whose fibre is everything between m and M, and whose triple is one."""

    construction: Construction | None = Hats()

    def draw_visualization(self, pick: Pick, cls: Any, dim: int) -> Visualization:
        low, high = ends(pick)
        data = getattr(cls, "data", Dataset())
        a, b = distinct(pick, dim, 2, data.inputs)
        if data.labels:
            low = min(data.labels) - draw_rational(pick, 0, 2, strict=True)
            high = max(data.labels) + draw_rational(pick, 0, 2, strict=True)
        return Visualization(a, b, low, high)

    def draw_member(self, pick: Pick, cls: Any, dim: int) -> Member:
        """A network between steep cones: a network that takes the shown values, training labels included."""
        v = self.draw_visualization(pick, cls, dim)
        data = getattr(cls, "data", Dataset())
        shown = [
            (v.argmin, v.minimum),
            (v.argmax, v.maximum),
            *zip(data.inputs, data.labels, strict=True),
        ]
        steepest = max(
            abs(y - y2) / distance("l1", s, s2)
            for i, (s, y) in enumerate(shown)
            for s2, y2 in shown[:i]
        )
        slope = steepest * pick(1, 8)
        inside = self._inside(pick, dim)
        eta = draw_rational(pick, 0, 1, strict=True)
        return between_cones(cls, v, shown, (slope, "l1"), inside, eta)

    def _inside(self, pick: Pick, dim: int) -> tuple[Value, str]:
        """A random network."""
        network = draw_network(pick, dim)
        layers = "; ".join(
            f"{[texts(row) for row in layer.weights.tolist()]} + {texts(layer.biases.tolist())}"
            for layer in network.layers
        )
        return network, f"network {layers}"

    def example(self, dim: int) -> tuple[FunctionClass, Visualization, Point]:
        v = Visualization(flat_point(QUARTER, dim), flat_point(3 * QUARTER, dim), 0, 1)
        return self.kind(), v, flat_point(HALF, dim)

    def visualizations(self, cls: Any, dim: int, x: Point | None) -> Iterable[Visualization]:
        yield beside(getattr(cls, "data", Dataset()), dim, x)

    def through(self, known: Fibres, x: Point) -> Triple | None:
        """Exemplars are training inputs: a network fits any finite number of values."""
        data = [(s, site.value) for s, site in zip(known.points, known.shown, strict=True)][2:]
        fitting = EmpiricalRiskMinimizer(Dataset(*zip(*data, strict=True)))
        return Triple(Hats(), known.cls, known.v, x, Hats().parameters(fitting, known.v, x))


class BlackBoxRow(FreeRow):
    """Every function, with jumps too."""

    def _inside(self, pick: Pick, dim: int) -> tuple[Value, str]:
        """A random network, and a jump where a coordinate passes a threshold."""
        network, text = super()._inside(pick, dim)
        jumps = several(
            pick,
            0,
            2,
            lambda: (draw_rational(pick, -4, 4), pick(0, dim - 1), draw_rational(pick)),
        )

        def value(z: Point) -> Any:
            return network(z) + sum((size for size, i, t in jumps if z[i] > t), Fraction(0))

        return value, text + "".join(f", {size} more where z[{i}] > {t}" for size, i, t in jumps)


class ErmRow(FreeRow):
    """Networks that fit the labels of a data set."""

    def draw_class(self, pick: Pick, dim: int) -> FunctionClass:
        pairs = several(pick, 0, 3, lambda: (draw_point(pick, dim), draw_rational(pick, -2, 2)))
        labels = dict(reversed(pairs))  # of equal inputs the first counts
        return EmpiricalRiskMinimizer(Dataset(list(labels), list(labels.values())))

    def example(self, dim: int) -> tuple[FunctionClass, Visualization, Point]:
        _, v, x = super().example(dim)
        zeros, ones = flat_point(Fraction(0), dim), flat_point(Fraction(1), dim)
        return EmpiricalRiskMinimizer(Dataset([zeros, ones], [QUARTER, 2 * QUARTER / 3])), v, x
