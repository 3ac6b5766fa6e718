"""Known links of one neuron: strictly increasing continuous functions h : R -> R, and values between two of them.

Everything that the neuron rows need of h is one function of a share u in [0, 1],

    H(u) = h((1 - u) h^-1(low) + u h^-1(high)),

the value that a neuron takes where its pre-activation has gone the share u of the way from h^-1(low)
to h^-1(high). H(0) = low, H(1) = high, and H is strictly increasing for low < high.
"""

from __future__ import annotations

import math
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from trompe.ground.arguments import checked
from trompe.ground.errors import InvalidInput, known
from trompe.theory.computable import Computable, as_interval
from trompe.theory.exact import as_number, written
from trompe.theory.namespace import Array, ArrayNamespace, ObjectNamespace, elementwise


class Link(ABC):
    """A strictly increasing continuous function h with the open range (low, high)."""

    key: ClassVar[str]
    formula: ClassVar[str]
    """h(t) as a reader writes it."""
    low: ClassVar[Fraction | None] = None
    high: ClassVar[Fraction | None] = None
    """The ends of the range, None where it has none."""
    is_rational: ClassVar[bool] = False
    """Is h(t) rational wherever t and the parameters are?"""

    @property
    def words(self) -> str:
        """The link as a reader writes it, with its parameters."""
        return self.key

    @abstractmethod
    def between(self, low: Any, high: Any, share: Array, xp: ArrayNamespace) -> Array:
        """H(share) = h((1 - share) h^-1(low) + share h^-1(high)), element by element.

        Exact arrays give a fraction where H is known to be one and a `Computable` where it is not.
        """

    @checked
    def has(self, value: Fraction) -> bool:
        """Is `value` a value of h?"""
        above = self.low is None or value > self.low
        return above and (self.high is None or value < self.high)

    @property
    def range_text(self) -> str:
        """The range as a reader writes it, `(0, oo)`."""
        ends = [
            f"{'-' * (not i)}oo" if e is None else str(e)
            for i, e in enumerate((self.low, self.high))
        ]
        return f"({', '.join(ends)})"


@dataclass(frozen=True)
class LeakyRelu(Link):
    """t where t >= 0 and slope t below, 0 < slope < 1: exact in every namespace."""

    key = "leaky-relu"
    formula = "max(t, slope t)"
    is_rational = True

    slope: Any = Fraction(1, 100)
    """An exact number in (0, 1), or a solver term with that hypothesis."""
    inv_slope: Any = None
    """1/slope; filled in for numbers."""

    def __post_init__(self) -> None:
        if self.inv_slope is not None:
            return
        slope = as_number(self.slope, "slope")
        if not 0 < slope < 1:
            raise InvalidInput(f"leaky-relu: slope = {written(slope)}; expected a number in (0, 1)")
        object.__setattr__(self, "slope", slope)
        object.__setattr__(self, "inv_slope", 1 / slope)

    @property
    def words(self) -> str:
        return f"{self.key} of slope {written(self.slope)}"

    def apply(self, t: Array, xp: ArrayNamespace) -> Array:
        """h(t)."""
        return xp.maximum(t, self._number(self.slope, xp) * t)

    def inverse(self, value: Array, xp: ArrayNamespace) -> Array:
        """h^-1(value)."""
        return xp.minimum(value, self._number(self.inv_slope, xp) * value)

    def between(self, low: Any, high: Any, share: Array, xp: ArrayNamespace) -> Array:
        start, stop = self.inverse(low, xp), self.inverse(high, xp)
        return self.apply(start + (stop - start) * share, xp)

    @staticmethod
    def _number(value: Any, xp: ArrayNamespace) -> Any:
        return xp.number(value) if isinstance(value, Fraction) else value


class SmoothLink(Link):
    """h(t) = value(e^(rate t)), so that H(u) = value(odds(low)^(1-u) odds(high)^u) with odds = e^(rate h^-1).

    Exact: a fraction where H(u) is known to be one (sigmoid, tanh), else a `Computable`. Floats and
    tensors are computed in the pre-activation's scale.
    """

    rate: ClassVar[int] = 1

    @abstractmethod
    def odds(self, value: Any, m: Any) -> Any:
        """e^(rate t) where h(t) = value; `m` has exp and log (SymPy, or mpmath's intervals)."""

    @abstractmethod
    def value(self, odds: Any, m: Any) -> Any:
        """h(t) where e^(rate t) = odds."""

    @abstractmethod
    def function(self, t: Any, m: Any) -> Any:
        """h(t) as a textbook writes it."""

    @abstractmethod
    def apply(self, t: Array) -> Array:
        """h(t) for floats and tensors."""

    @abstractmethod
    def inverse(self, value: float) -> float:
        """h^-1(value), rounded."""

    def rational(self, low: Fraction, high: Fraction, share: Fraction) -> Fraction | None:
        """H(share) where it is known to be rational."""
        return None

    def between(self, low: Any, high: Any, share: Array, xp: ArrayNamespace) -> Array:
        if getattr(xp, "exact", False):
            return elementwise(lambda u: self.at_share(low, high, u))(share)
        if isinstance(xp, ObjectNamespace):
            raise InvalidInput(
                f"{self.key}: exponentials are no piecewise affine function, so no ReLU network computes this "
                "neuron and no solver term states it; leaky-relu is piecewise affine"
            )
        start, stop = self._start(low), self._start(high)
        return self.apply(start + (stop - start) * share)

    def at_share(self, low: Fraction, high: Fraction, share: Fraction) -> Any:
        """H(share), exact: a fraction or a `Computable`."""
        if share in (0, 1) or low == high:
            return high if share == 1 else low
        found = self.rational(low, high, share)
        if found is not None:
            return found

        def enclose(iv: Any) -> Any:
            u = as_interval(share, iv)
            p, q = (iv.log(self.odds(as_interval(v, iv), iv)) for v in (low, high))
            return self.value(iv.exp(p + u * (q - p)), iv)

        return Computable(enclose, (self.key, low, high, share))

    def _start(self, value: Any) -> float:
        try:
            t = self.inverse(float(value))
        except (ValueError, OverflowError):
            t = math.inf
        if not math.isfinite(t):
            raise InvalidInput(
                f"{self.key}: the shown value {float(value)} lies at the end of the range "
                f"{self.range_text} in this precision; ask with exact numbers or float64"
            )
        return t


class _OddsLink(SmoothLink):
    """A smooth link whose odds are a quotient of its value: H(u) is rational where the odds are."""

    def rational(self, low: Fraction, high: Fraction, share: Fraction) -> Fraction | None:
        first = self.odds(low, None)
        root = _root(self.odds(high, None) / first, share.denominator)
        if root is None:
            return None
        value: Fraction = self.value(first * root**share.numerator, None)
        return value


def _root(ratio: Fraction, n: int) -> Fraction | None:
    """The n-th root if it is rational. p (q/p)^(k/n) in lowest terms is rational exactly where it is."""
    if n > max(ratio.numerator.bit_length(), ratio.denominator.bit_length()) and ratio != 1:
        return None
    root = Fraction(*(_floor_root(k, n) for k in ratio.as_integer_ratio()))
    return root if root**n == ratio else None


def _floor_root(k: int, n: int) -> int:
    """The largest r with r^n <= k, for k >= 1, by Newton's method from above."""
    r = 1 << -(-k.bit_length() // n)
    while (s := ((n - 1) * r + k // r ** (n - 1)) // n) < r:
        r = s
    return r


def _functions(t: Array) -> Any:
    """The module, NumPy or PyTorch, that an array comes from."""
    return sys.modules[type(t).__module__.partition(".")[0]]


def _softplus(t: Array) -> Array:
    """log(1 + e^t) without overflow."""
    m = _functions(t)
    return (m.abs(t) + t) / 2 + m.log1p(m.exp(-m.abs(t)))


class Sigmoid(_OddsLink):
    """1 / (1 + e^-t)."""

    key = "sigmoid"
    formula = "1/(1 + exp(-t))"
    low, high = Fraction(0), Fraction(1)

    def odds(self, value: Any, m: Any) -> Any:
        return value / (1 - value)

    def value(self, odds: Any, m: Any) -> Any:
        return odds / (1 + odds)

    def function(self, t: Any, m: Any) -> Any:
        return 1 / (1 + m.exp(-t))

    def apply(self, t: Array) -> Array:
        return _functions(t).exp(-_softplus(-t))

    def inverse(self, value: float) -> float:
        return math.log(value) - math.log1p(-value)


class Tanh(_OddsLink):
    """(e^t - e^-t) / (e^t + e^-t)."""

    key = "tanh"
    formula = "(exp(t) - exp(-t))/(exp(t) + exp(-t))"
    low, high = Fraction(-1), Fraction(1)
    rate = 2

    def odds(self, value: Any, m: Any) -> Any:
        return (1 + value) / (1 - value)

    def value(self, odds: Any, m: Any) -> Any:
        return (odds - 1) / (odds + 1)

    def function(self, t: Any, m: Any) -> Any:
        return (m.exp(t) - m.exp(-t)) / (m.exp(t) + m.exp(-t))

    def apply(self, t: Array) -> Array:
        return _functions(t).tanh(t)

    def inverse(self, value: float) -> float:
        return math.atanh(value)


class Softplus(SmoothLink):
    """log(1 + e^t).

    For rational 0 < low < high and 0 < u < 1, H(u) is irrational. Else e^H = 1 + (e^low - 1)^(1-u) (e^high - 1)^u; as
    e is transcendental, that holds with every X > 1 for e. As X tends to 1 it says H = low^(1-u) high^u, as X grows
    it says H = (1-u) low + u high, which is larger.
    """

    key = "softplus"
    formula = "log(1 + exp(t))"
    low, high = Fraction(0), None

    def odds(self, value: Any, m: Any) -> Any:
        return m.exp(value) - 1

    def value(self, odds: Any, m: Any) -> Any:
        return m.log(1 + odds)

    def function(self, t: Any, m: Any) -> Any:
        return m.log(1 + m.exp(t))

    def apply(self, t: Array) -> Array:
        return _softplus(t)

    def inverse(self, value: float) -> float:
        return value + math.log(-math.expm1(-value))


LINKS: dict[str, type[Link]] = {kind.key: kind for kind in (Sigmoid, Tanh, Softplus, LeakyRelu)}
"""The links that trompe knows; the neuron rows' theorems are about every link."""


def link(key: str, slope: Any = Fraction(1, 100)) -> Link:
    """The link called `key`; `slope` is read by leaky-relu only.

    Raises
    ------
    UnknownKey : no such link. InvalidInput : a slope outside (0, 1).
    """
    kind = known("link", key, LINKS)
    return LeakyRelu(slope) if kind is LeakyRelu else kind()
