"""The ten function classes of the table: who is a member, what may be shown, and the sharp envelope."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar

from trompe.ground.errors import InvalidInput, QueryShown
from trompe.theory.data import Dataset
from trompe.theory.exact import Point, as_number, as_point, show, written
from trompe.theory.functionals import exact_distance, flipped, gauge, gauge_slopes, metric
from trompe.theory.namespace import EXACT, Array, ArrayNamespace
from trompe.theory.tasks import Interval
from trompe.theory.visualization import Visualization

__all__ = [
    "CLASSES",
    "Affine",
    "Affine1d",
    "BlackBox",
    "Comparison",
    "Constant",
    "Convex",
    "EmpiricalRiskMinimizer",
    "FunctionClass",
    "Lipschitz",
    "Monotone",
    "NeuralNetwork",
    "PiecewiseAffine",
    "check_corner",
    "corner_reflection",
]


@dataclass(frozen=True)
class Comparison:
    """What a pointwise law compares: values of h at y, at z and at the point between them.

    `between` is h(w y + (1-w) z) for a weight w in [0, 1]; `distance` is |y - z| in the class's metric.
    """

    at_y: Any
    at_z: Any
    between: Any = None
    weight: Any = None
    distance: Any = None


@dataclass(frozen=True)
class FunctionClass(ABC):
    """A set of functions h : [0, 1]^d -> R.

    Closed under convex combination (neurons: of what goes into their link).
    """

    key: ClassVar[str]
    name: ClassVar[str]
    symbol: ClassVar[str]
    definition: ClassVar[str]
    """Membership in words."""
    min_dim: ClassVar[int] = 1
    max_dim: ClassVar[int | None] = None
    is_pointwise: ClassVar[bool] = True
    """Is membership a law on the values at two points and one between? Else it is a representation."""

    # -- membership ---------------------------------------------------------------------------

    def premise(self, y: Array, z: Array) -> list[Any]:
        """Conditions on the points y and z under which the law speaks of them (none by default)."""
        return []

    @abstractmethod
    def law(self, c: Comparison, xp: ArrayNamespace) -> Any:
        """The law of the class on one comparison; a member satisfies it for all points and weights.

        Returns a bool for numbers and a term for solver terms.
        """

    # -- what may be shown --------------------------------------------------------------------

    def check_dim(self, dim: int) -> None:
        """Raise InvalidInput unless the class is defined at this number of inputs."""
        if dim < self.min_dim or (self.max_dim is not None and dim > self.max_dim):
            expected = f"d >= {self.min_dim}" if self.max_dim is None else f"d = {self.max_dim}"
            raise InvalidInput(f"{self.key}: d = {dim}; this row is about {expected}")

    def check_visualization(self, v: Visualization) -> None:
        """Raise InvalidInput unless some member has the visualization `v`."""
        self.check_dim(v.dim)
        if not v.minimum < v.maximum:
            raise InvalidInput(
                f"{self.key}: minimum = {v.minimum} must be below maximum = {v.maximum}"
            )
        if not v.is_unique:
            raise InvalidInput(
                f"{self.key}: {len(v.argmin_set)} minimisers and {len(v.argmax_set)} maximisers are "
                "shown; the pairs of this row have one of each, give one point per extreme"
            )
        self._check_extremes(v)

    def _check_extremes(self, v: Visualization) -> None:
        """What the class demands of v beyond m < M and unique extremes."""

    def check_query(self, v: Visualization, x: Any) -> Point:
        """The query as an exact point, not one whose value is shown.

        Raises
        ------
        InvalidInput : wrong length or outside the box. QueryShown : x is a, b or a training input.
        """
        point = as_point(x, "query", v.dim)
        if self.shown_value(v, point) is not None:
            raise QueryShown(
                f"{self.key}: query {show(point)} is shown, its value is "
                f"{self.shown_value(v, point)}; choose a point that is neither an extreme nor a "
                "training input"
            )
        return point

    # -- the fibre ----------------------------------------------------------------------------

    def shown_value(self, v: Visualization, x: Point) -> Fraction | None:
        """f(x) where what is shown tells it directly, else None."""
        if x in v.argmin_set:
            return v.minimum
        if x in v.argmax_set:
            return v.maximum
        return None

    def envelope(self, v: Visualization, x: Any) -> Interval:
        """The smallest interval that holds h(x) for every member h with phi(h) = v; exact.

        Raises
        ------
        InvalidInput : no member has this visualization, or x is no point of [0, 1]^d.
        """
        self.check_visualization(v)
        point = as_point(x, "query", v.dim)
        shown = self.shown_value(v, point)
        return self._fibre(v, point) if shown is None else Interval(shown, shown)

    def _fibre(self, v: Visualization, x: Point) -> Interval:
        """The envelope at a query that is not shown; everything in [m, M] unless a class knows more."""
        return Interval(v.minimum, v.maximum)


class BlackBox(FunctionClass):
    """Every function."""

    key = "black-box"
    name = "Black-box"
    symbol = r"\mathcal{F}"
    definition = "any function h : [0,1]^d -> R"

    def law(self, c: Comparison, xp: ArrayNamespace) -> Any:
        return True


class PiecewiseAffine(FunctionClass):
    """Continuous piecewise affine functions with finitely many pieces."""

    key = "piecewise-affine"
    name = "Piecewise affine"
    symbol = r"\mathcal{F}_{\mathrm{PAff}}"
    definition = "h is continuous and affine on each of finitely many polyhedra that cover [0,1]^d"
    is_pointwise = False

    def law(self, c: Comparison, xp: ArrayNamespace) -> Any:
        raise TypeError(f"{self.key}: membership is a representation (a network), not a law")


class NeuralNetwork(PiecewiseAffine):
    """Functions computed by a feed-forward ReLU network, of any depth and width."""

    key = "neural-network"
    name = "Neural network"
    symbol = r"\mathcal{F}_{\mathrm{NN}}"
    definition = (
        "h is computed on [0,1]^d by a feed-forward ReLU network of some finite depth and width"
    )


@dataclass(frozen=True)
class EmpiricalRiskMinimizer(NeuralNetwork):
    """ReLU networks of unrestricted width that fit every label of a known data set.

    Its inputs are distinct. So these are the networks that minimise the empirical risk for every loss with
    l(t, t) <= l(p, t); for one such loss there may be more. Source: docs/theory, section 3, "Risk".
    """

    key = "erm"
    name = "Neural network trained with ERM"
    symbol = r"\mathcal{F}_{\mathrm{ERM}}"
    definition = (
        "h is a ReLU network of unrestricted width and takes the label at every training input"
    )

    data: Dataset = field(default_factory=Dataset)

    def _check_extremes(self, v: Visualization) -> None:
        for j, (s, y) in enumerate(zip(self.data.inputs, self.data.labels, strict=True)):
            if len(s) != v.dim:
                raise InvalidInput(
                    f"{self.key}: inputs[{j}] has {len(s)} coordinates; the visualization has {v.dim}"
                )
            if not v.minimum < y < v.maximum:
                raise InvalidInput(
                    f"{self.key}: labels[{j}] = {y} lies outside ({v.minimum}, {v.maximum}), the open "
                    "range that is shown; widen the range or drop the point"
                )
            if s in (v.argmin, v.argmax):
                raise InvalidInput(
                    f"{self.key}: inputs[{j}] = {show(s)} is a shown extreme but its label {y} is not "
                    "an extreme value"
                )

    def shown_value(self, v: Visualization, x: Point) -> Fraction | None:
        shown = super().shown_value(v, x)
        return self.data.label_of(x) if shown is None else shown


@dataclass(frozen=True)
class Lipschitz(FunctionClass):
    """Functions with |h(y) - h(z)| <= L |y - z|, L known, for one of the metrics l1, l2, linf."""

    key = "lipschitz"
    name = "L-Lipschitz (known L)"
    symbol = r"\mathcal{F}^{L}_{\mathrm{Lip}}"
    definition = "|h(y) - h(z)| <= L |y - z| for all y, z in [0,1]^d"

    constant: Fraction = Fraction(1)
    metric: str = "l1"

    def __post_init__(self) -> None:
        constant = as_number(self.constant, "Lipschitz constant")
        if constant <= 0:
            raise InvalidInput(
                f"{self.key}: Lipschitz constant = {written(constant)}; expected L > 0"
            )
        metric(self.metric)
        object.__setattr__(self, "constant", constant)

    def law(self, c: Comparison, xp: ArrayNamespace) -> Any:
        bound = xp.number(self.constant) * c.distance
        return self.law_with(bound, c, xp)

    @staticmethod
    def law_with(bound: Any, c: Comparison, xp: ArrayNamespace) -> Any:
        """The law with L |y - z| given as `bound`, so that L may be a symbol."""
        return xp.abs(c.at_y - c.at_z) <= bound

    def distance(self, y: Point, z: Point) -> Any:
        """|y - z|, exact: a fraction, or for l2 an algebraic number."""
        return exact_distance(metric(self.metric), y, z)

    def _check_extremes(self, v: Visualization) -> None:
        reach = self.distance(v.argmin, v.argmax)
        if v.range > self.constant * reach:
            raise InvalidInput(
                f"{self.key}: L = {self.constant} is below R/|a-b| = {v.range}/({reach}) in {self.metric}; "
                "no member has this visualization, give L at least that large"
            )

    def _fibre(self, v: Visualization, x: Point) -> Interval:
        rise = self.constant * self.distance(x, v.argmin)
        fall = self.constant * self.distance(x, v.argmax)
        return Interval(max(v.minimum, v.maximum - fall), min(v.maximum, v.minimum + rise))


class Monotone(FunctionClass):
    """Functions that do not decrease when a coordinate grows."""

    key = "monotone"
    name = "Monotone"
    symbol = r"\mathcal{F}_{\mathrm{Mono}}"
    definition = "h(y) <= h(z) whenever y_i <= z_i for every i"

    def premise(self, y: Array, z: Array) -> list[Any]:
        return [yi <= zi for yi, zi in zip(y, z, strict=True)]

    def law(self, c: Comparison, xp: ArrayNamespace) -> Any:
        return c.at_y <= c.at_z

    def _check_extremes(self, v: Visualization) -> None:
        zeros, ones = (Fraction(0),) * v.dim, (Fraction(1),) * v.dim
        if v.argmin != zeros or v.argmax != ones:
            raise InvalidInput(
                f"{self.key}: argmin {show(v.argmin)}, argmax {show(v.argmax)}; a monotone function "
                "with unique extremes has them at (0, ..., 0) and (1, ..., 1)"
            )


class Convex(FunctionClass):
    """Convex functions."""

    key = "convex"
    name = "Convex"
    symbol = r"\mathcal{F}_{\mathrm{Conv}}"
    definition = "h(w y + (1-w) z) <= w h(y) + (1-w) h(z) for all y, z and 0 <= w <= 1"

    def law(self, c: Comparison, xp: ArrayNamespace) -> Any:
        return c.between <= c.weight * c.at_y + (1 - c.weight) * c.at_z

    def _check_extremes(self, v: Visualization) -> None:
        check_corner(self.key, "argmax", v.argmax, "a unique maximiser of a convex function is one")

    def gauge(self, v: Visualization, x: Point) -> Fraction:
        """gamma(x) about the minimiser, exact, in [0, 1]."""
        up, down = (EXACT.array(slopes) for slopes in gauge_slopes(v.argmin))
        value: Fraction = gauge(EXACT.array(x), EXACT.array(v.argmin), up, down, EXACT)
        return value

    def _fibre(self, v: Visualization, x: Point) -> Interval:
        return Interval(v.minimum, v.minimum + v.range * self.gauge(v, x))


class Affine(FunctionClass):
    """Affine functions of at least two inputs."""

    key = "affine"
    name = "Affine (d > 1)"
    symbol = r"\mathcal{F}^{d>1}_{\mathrm{Aff}}"
    definition = "h(w y + (1-w) z) = w h(y) + (1-w) h(z) for all y, z and 0 <= w <= 1; d >= 2"
    min_dim = 2

    def law(self, c: Comparison, xp: ArrayNamespace) -> Any:
        return c.between == c.weight * c.at_y + (1 - c.weight) * c.at_z

    def _check_extremes(self, v: Visualization) -> None:
        check_corner(
            self.key, "argmax", v.argmax, "a unique maximiser of an affine function is one"
        )
        opposite = tuple(1 - bi for bi in v.argmax)
        if v.argmin != opposite:
            raise InvalidInput(
                f"{self.key}: argmin {show(v.argmin)}; an affine function with unique extremes has it "
                f"at the corner {show(opposite)} opposite to the argmax"
            )

    @staticmethod
    def coordinates(v: Visualization, x: Point) -> Point:
        """x', the query seen from the corner a: x'_i = x_i if b_i = 1, else 1 - x_i."""
        flip, sign = corner_reflection(v.argmax)
        return tuple(flipped(EXACT.array(x), EXACT.array(flip), EXACT.array(sign)))

    def _fibre(self, v: Visualization, x: Point) -> Interval:
        seen = self.coordinates(v, x)
        return Interval(v.minimum + v.range * min(seen), v.minimum + v.range * max(seen))


class Affine1d(Affine):
    """Affine functions of one input, constants included."""

    key = "affine-1d"
    name = "Affine (d = 1)"
    symbol = r"\mathcal{F}^{d=1}_{\mathrm{Aff}}"
    definition = "h(w y + (1-w) z) = w h(y) + (1-w) h(z) for all y, z and 0 <= w <= 1; d = 1"
    min_dim = 1
    max_dim = 1

    def check_visualization(self, v: Visualization) -> None:
        self.check_dim(v.dim)
        if v.minimum < v.maximum:
            for what, points in (("argmin", v.argmin_set), ("argmax", v.argmax_set)):
                for point in points:
                    check_corner(self.key, what, point, "an affine function has its extremes there")

    def _fibre(self, v: Visualization, x: Point) -> Interval:
        if not v.range:
            return Interval(v.minimum, v.minimum)
        return super()._fibre(v, x)


class Constant(FunctionClass):
    """Constant functions."""

    key = "constant"
    name = "Constant"
    symbol = r"\mathcal{F}_{\mathrm{Const}}"
    definition = "h(y) = h(z) for all y, z"

    def law(self, c: Comparison, xp: ArrayNamespace) -> Any:
        return c.at_y == c.at_z

    def check_visualization(self, v: Visualization) -> None:
        self.check_dim(v.dim)
        if v.minimum != v.maximum:
            raise InvalidInput(
                f"{self.key}: minimum = {v.minimum} and maximum = {v.maximum} differ; a constant has one value"
            )

    def _fibre(self, v: Visualization, x: Point) -> Interval:
        return Interval(v.minimum, v.minimum)


def check_corner(key: str, what: str, point: Point, why: str) -> None:
    """Raise InvalidInput unless every coordinate of the point is 0 or 1."""
    for i, coordinate in enumerate(point):
        if coordinate not in (0, 1):
            raise InvalidInput(
                f"{key}: {what} {show(point)} is not a corner of the box (coordinate {i} is "
                f"{coordinate}); {why}"
            )


def corner_reflection(b: Point) -> tuple[Point, Point]:
    """The flip 1 - b and the sign 2 b - 1 that take the corner b to (1, ..., 1)."""
    return tuple(1 - bi for bi in b), tuple(2 * bi - 1 for bi in b)


CLASSES: dict[str, type[FunctionClass]] = {
    kind.key: kind
    for kind in (
        BlackBox,
        NeuralNetwork,
        EmpiricalRiskMinimizer,
        Lipschitz,
        PiecewiseAffine,
        Monotone,
        Convex,
        Affine,
        Affine1d,
        Constant,
    )
}
"""The ten rows of the table, in its order."""
