"""The extremal triple: from a class, a visualization and a query to U, W, B and every fooling pair."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

import numpy as np

from trompe.ground.arguments import checked, checked_fields, kind_of_array
from trompe.theory import (
    FunctionClass,
    Interval,
    InvalidInput,
    Point,
    Visualization,
    as_eta,
    show,
)
from trompe.theory import task as as_task
from trompe.theory.catalogue import AnyTask
from trompe.theory.exact import Number, as_numbers
from trompe.theory.namespace import EXACT, Array, ArrayNamespace, NumpyNamespace, cast
from trompe.theory.rationals import RATIONALS
from trompe.theory.sites import as_exact

Name: TypeAlias = Literal["f", "g"]
NAMES: tuple[Name, Name] = ("f", "g")
"""The two functions of a pair."""


def mix(top: Any, strict: Any, eta: Any) -> Any:
    """(1 - eta) top + eta strict: the mix lemma's member made of an extremal and a strict one."""
    return (1 - eta) * top + eta * strict


def namespace_of(z: Array) -> ArrayNamespace:
    """The namespace that belongs to an array: NumPy's by dtype, PyTorch's for tensors."""
    kind = kind_of_array(z)
    if kind == "numpy":
        return _numpy_namespace(z.dtype)
    if kind == "torch":
        if not z.is_floating_point() or z.is_meta:
            raise InvalidInput(
                f"points of dtype {z.dtype} on {z.device}; expected a tensor of floats"
            )
        from trompe.constructions.torch_bridge import torch_namespace

        return torch_namespace(z.dtype, z.device)
    raise InvalidInput(
        f"points of type {type(z).__name__}; expected a tuple of numbers, a NumPy array or a tensor"
    )


@lru_cache(maxsize=8)
def _numpy_namespace(dtype: np.dtype[Any]) -> NumpyNamespace:
    if dtype.kind not in "Of":
        raise InvalidInput(f"points of dtype {dtype}; expected float64, float32 or exact fractions")
    return EXACT if dtype.kind == "O" else NumpyNamespace(dtype)


@dataclass(frozen=True)
class Scale:
    """m and M. A row adds what else turns features into values, its parameters what features are read with."""

    low: Any
    high: Any


class Construction(ABC):
    """How a row builds its triple.

    `parameters` turns exact input into exact parameters. `features` reads a few quantities off a
    point, `upper`, `lower` and `strict` turn them into U(z), W(z) and B(z). The last four are written
    once against an array namespace and hold no number that is not a parameter or a small constant.
    """

    row: ClassVar[str]
    formulas: ClassVar[dict[str, str]]
    """U, W, B as a reader writes them."""

    @abstractmethod
    def parameters(self, cls: Any, v: Visualization, x: Point) -> Any:
        """A frozen dataclass of exact numbers and points; v and x are already checked."""

    def triple(self, cls: Any, v: Visualization, x: Point) -> Triple:
        """U, W, B at a visualization and a query, both already checked."""
        return Triple(self, cls, v, x, self.parameters(cls, v, x))

    @abstractmethod
    def features(self, z: Array, p: Any, xp: ArrayNamespace) -> Any:
        """What the triple reads off the point z, as a named tuple."""

    @abstractmethod
    def upper(self, features: Any, p: Any, xp: ArrayNamespace) -> Array:
        """U: a member that is as large as any at the query."""

    @abstractmethod
    def lower(self, features: Any, p: Any, xp: ArrayNamespace) -> Array:
        """W: a member that is as small as any at the query."""

    @abstractmethod
    def strict(self, features: Any, p: Any, xp: ArrayNamespace) -> Array:
        """B: a member that reaches m only at a and M only at b."""


class ExemplarTriple(Construction):
    """A triple through the values at exemplars; its parameters come from the shown points (`Row.through`)."""

    def parameters(self, cls: Any, v: Visualization, x: Point) -> Any:
        raise NotImplementedError(f"{self.row}: its parameters come from all shown points")


@checked_fields
@dataclass(frozen=True)
class Triple:
    """U, W, B of one class at one visualization and one query.

    Call `upper`, `lower`, `strict` with a tuple of numbers (exact result), an array of shape
    (..., d) of dtype float64, float32 or object (fractions), or a tensor.
    """

    construction: Construction
    cls: FunctionClass
    v: Visualization
    x: Point
    parameters: Any

    @cached_property
    def _casts(self) -> dict[ArrayNamespace, Any]:
        return {}

    def evaluate(self, z: Array, xp: ArrayNamespace, *names: str) -> tuple[Array, ...]:
        """The named ones of `upper`, `lower`, `strict` at the array z of the namespace `xp`."""
        if xp not in self._casts:
            self._casts[xp] = cast(self.parameters, xp)
        p = self._casts[xp]
        features = self.construction.features(z, p, xp)
        return tuple(getattr(self.construction, name)(features, p, xp) for name in names)

    def upper(self, z: Any) -> Array:
        """U(z)."""
        return self.evaluate(*as_array(z, self.v.dim), "upper")[0]

    def lower(self, z: Any) -> Array:
        """W(z)."""
        return self.evaluate(*as_array(z, self.v.dim), "lower")[0]

    def strict(self, z: Any) -> Array:
        """B(z)."""
        return self.evaluate(*as_array(z, self.v.dim), "strict")[0]

    @cached_property
    def envelope(self) -> Interval:
        """[W(x), U(x)], from the construction's own functions."""
        upper, lower = self.evaluate(*as_array(self.x, self.v.dim), "upper", "lower")
        return Interval(lower, upper)

    def pair(self, eta: Number = Fraction(1, 10)) -> FoolingPair:
        """f = (1-eta) U + eta B and g = (1-eta) W + eta B, 0 < eta < 1."""
        return self._mixed(as_eta(eta))

    def _mixed(self, eta: Fraction) -> FoolingPair:
        return FoolingPair(self, eta)

    def pair_for(self, task: AnyTask) -> FoolingPair:
        """The pair with an eta that makes it defeat every decoder of `task`.

        Raises
        ------
        InvalidInput : the task is decidable at this query, so that no pair defeats it.
        """
        asked = as_task(task)
        eta = self.weight(asked)
        if eta is None:
            raise InvalidInput(
                f"{self.cls.key}/{asked.key}: the task is decidable at query {show(self.x)}: the fibre is "
                f"[{self.envelope.lower}, {self.envelope.upper}]; no pair defeats every decoder there"
            )
        return self._mixed(eta)

    def weight(self, task: AnyTask) -> Fraction | None:
        """An eta that makes the pair defeat every decoder of `task`, None where the task is decidable."""
        return as_task(task).eta(self.envelope, self.v)


class Pair(ABC):
    """Two members that show the same and disagree at the query x; `v` is the visualization of g."""

    if TYPE_CHECKING:

        @property
        def cls(self) -> FunctionClass: ...

        @property
        def v(self) -> Visualization: ...

        @property
        def x(self) -> Point: ...

    @abstractmethod
    def v_of(self, name: Name) -> Visualization:
        """The visualization of f or of g."""

    @abstractmethod
    def evaluate_both(self, z: Array, xp: ArrayNamespace) -> tuple[Array, Array]:
        """f and g at the array z of the namespace `xp`."""

    @abstractmethod
    def defeats(self, task: AnyTask) -> bool:
        """Is every decoder of `task` wrong at the query on f or on g?"""

    def f(self, z: Any) -> Array:
        """f at a point or at points."""
        return self.both(z)[0]

    def g(self, z: Any) -> Array:
        """g at a point or at points."""
        return self.both(z)[1]

    def both(self, z: Any) -> tuple[Array, Array]:
        """(f(z), g(z)), reading z once: half the work of the two calls."""
        return self.evaluate_both(*as_array(z, self.v.dim))

    @cached_property
    def f_x(self) -> Any:
        """f at the query, exact."""
        return self.f(self.x)

    @cached_property
    def g_x(self) -> Any:
        """g at the query, exact."""
        return self.g(self.x)


@checked_fields
@dataclass(frozen=True)
class FoolingPair(Pair):
    """Two members with the same unique extremes that disagree at the query.

    `f` and `g` are functions of points; `f_x` and `g_x` their exact values at the query.
    """

    triple: Triple
    eta: Fraction

    @property
    def cls(self) -> FunctionClass:
        """The class of both."""
        return self.triple.cls

    @property
    def v(self) -> Visualization:
        """phi(f) = phi(g)."""
        return self.triple.v

    @property
    def x(self) -> Point:
        """The query."""
        return self.triple.x

    @checked
    def v_of(self, name: Name) -> Visualization:
        """The visualization of f or of g: the same."""
        return self.v

    def f(self, z: Any) -> Array:
        """(1-eta) U(z) + eta B(z)."""
        return self.evaluate(*as_array(z, self.v.dim), "upper")

    def g(self, z: Any) -> Array:
        """(1-eta) W(z) + eta B(z)."""
        return self.evaluate(*as_array(z, self.v.dim), "lower")

    def evaluate_both(self, z: Array, xp: ArrayNamespace) -> tuple[Array, Array]:
        """f and g at the array z of the namespace `xp`."""
        upper, lower, strict = self.triple.evaluate(z, xp, "upper", "lower", "strict")
        eta = xp.number(self.eta)
        return mix(upper, strict, eta), mix(lower, strict, eta)

    def evaluate(self, z: Array, xp: ArrayNamespace, extremal: str) -> Array:
        """The mix of `upper` (f) or `lower` (g) with `strict`, at the array z of the namespace `xp`."""
        member, strict = self.triple.evaluate(z, xp, extremal, "strict")
        return mix(member, strict, xp.number(self.eta))

    @property
    def gap(self) -> Any:
        """f(x) - g(x) = (1-eta) (U(x) - W(x)) >= 0, in the unit's own scale."""
        return self.f_x - self.g_x

    def defeats(self, task: AnyTask) -> bool:
        """Is every decoder of `task` wrong at the query on f or on g?"""
        return not as_task(task).decidable(Interval(self.g_x, self.f_x), self.v)


def as_array(z: Any, dim: int, exact: ArrayNamespace = RATIONALS) -> tuple[Array, ArrayNamespace]:
    """The point or points z as an array, with its namespace; tuples and lists become one of `exact`."""
    if isinstance(z, (tuple, list)):
        z, xp = exact.array(as_numbers(z, "point")), exact
    else:
        xp = namespace_of(z)
        if isinstance(z, np.ndarray):  # a matrix is one, with products and sums of its own
            z = np.asarray(z)
        if xp is EXACT:
            z = as_exact(z, "point")
    if not z.ndim or z.shape[-1] != dim:
        raise InvalidInput(
            f"points of shape {tuple(z.shape)}; expected the last axis to be d = {dim}"
        )
    return z, xp
