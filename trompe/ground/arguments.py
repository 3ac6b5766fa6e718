"""What a public function is given, held against its annotations before anything is done with it."""

from __future__ import annotations

import functools
import inspect
import math
import operator
import sys
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from numbers import Real
from typing import Any, Literal, ParamSpec, TypeVar

from trompe.ground.errors import InvalidInput, brief, plain, spelled

P = ParamSpec("P")
R = TypeVar("R")

Reader = Callable[[Any, str], Any]
"""From a value and the argument's name to what it stands for, or InvalidInput."""

BY_ITSELF: Reader | None = None
"""As the metadata of an `Annotated`: for callers it has a type, and the function itself reads it."""

LONGEST = 1_000_000
"""Items that are taken from an iterator, which may have no end."""


class Integer:
    """An integer in a range, as an annotation: `Annotated[int, Integer(1)]`."""

    def __init__(self, least: int | None = None, most: int | None = None, why: str = "") -> None:
        self.least, self.most, self.why = least, most, why

    def __call__(self, value: Any, what: str) -> int:
        """The value as an int, NumPy's integers too, truth values not."""
        low, high = self.least, self.most
        try:
            if isinstance(value, bool):
                raise TypeError
            number = operator.index(value)
        except Exception:
            number = None
        if number is None or (low is not None and number < low):
            at_least = "" if low is None else f" of at least {low}"
            raise unfit(what, value, f"an integer{at_least}{self.why}")
        if high is not None and number > high:
            raise unfit(what, value, f"an integer of at most {high}")
        return number


Keys = typing.Annotated[str | Iterable[str], BY_ITSELF]
"""One key or several; `at_least_one` reads them."""

Count = typing.Annotated[int, Integer(1)]
"""At least 1."""

Progress = Callable[[int, int, str], None]
"""Called with (done, total, key) as something is finished."""

as_dim = Integer(1, LONGEST, "; a point needs d >= 1")

Dim = typing.Annotated[int, as_dim]
"""A number of inputs."""


def unfit(what: str, value: object, expected: str, why: str = "") -> InvalidInput:
    """The error of a value that an argument does not take."""
    return InvalidInput(f"{what} = {spelled(value)}{why}; expected {expected}")


def listed(values: Any, what: str, expected: str = "a sequence", why: str = "") -> Sequence[Any]:
    """The items of a list, a tuple, an array, a tensor or an iterator, in their order.

    Raises
    ------
    InvalidInput : it is none of these (a text or a set is not), has masks, or gives more items than it may.
    """
    if isinstance(values, (list, tuple)):
        return values
    try:
        if isinstance(values, (str, bytes, bytearray, memoryview, set, frozenset, Mapping)):
            raise TypeError
        values = unwrapped(values)
        most = len(values) if hasattr(values, "ndim") else LONGEST
        items = list(islice(iter(values), most + 1))
    except Exception:
        raise unfit(what, values, expected, why) from None
    if len(items) > most:
        raise unfit(what, values, f"{expected} of at most {most} items", why)
    return items


def at_least_one(what: str, given: Any, advice: str) -> tuple[Any, ...]:
    """What is given, as a tuple, a text as one; whatever is claimed holds of nothing, so that nothing is no question.

    Raises
    ------
    InvalidInput : nothing is given, or no sequence.
    """
    found = (given,) if isinstance(given, str) else tuple(listed(_in_turn(given), what))
    if not found:
        raise InvalidInput(f"{what}: none is given; {advice}")
    return found


def _in_turn(given: Any) -> Any:
    """Names and numbers of which the order says nothing may come as a set or as the keys of a dict."""
    return list(given) if isinstance(given, (set, frozenset, Mapping)) else given


def unwrapped(value: Any) -> Any:
    """An array of NumPy or a tensor of PyTorch as Python's numbers, nested as it is; anything else as it is.

    Raises
    ------
    TypeError : it is masked, or holds dates.
    """
    kind = kind_of_array(value)
    if kind == "masked" or (kind == "numpy" and value.dtype.kind in "mM"):
        raise TypeError
    if kind == "torch":
        return value.detach().cpu().tolist()
    return value.tolist() if kind else value


def is_term(value: Any) -> bool:
    """Is it a term of Z3, whatever it says of itself? Imports nothing."""
    return issubclass(type(value), getattr(sys.modules.get("z3"), "ExprRef", ()))


def kind_of_array(value: Any) -> Literal["numpy", "torch", "masked", ""]:
    """Whose array this is, a number of NumPy's and subclasses too; "" if it is none. Imports nothing."""
    numpy, torch = map(sys.modules.get, ("numpy", "torch"))
    if isinstance(value, (getattr(numpy, "ndarray", ()), getattr(numpy, "generic", ()))):
        return "masked" if hasattr(value, "mask") else "numpy"
    if isinstance(value, getattr(torch, "Tensor", ())):
        return "masked" if hasattr(value, "get_mask") else "torch"
    return ""


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """The function, behind a look at each of its arguments.

    What an annotation says is what is asked for; integers and numbers of NumPy's are numbers, sequences may be
    arrays, sets only where an `Iterable` is asked for, and the metadata of an `Annotated` is a reader. `Any` is read
    by the function itself, and so are `BY_ITSELF`, defaults and what `*args` and `**kwargs` collect. What does not fit is an
    InvalidInput in one line; a missing or a surplus argument stays Python's TypeError.
    """

    @functools.cache
    def readers() -> tuple[list[tuple[str, Reader | None]], dict[str, Reader]]:
        parameters = inspect.signature(function).parameters
        hints = typing.get_type_hints(
            types.SimpleNamespace(
                __annotations__={k: v for k, v in function.__annotations__.items() if k != "return"}
            ),
            inspect.unwrap(function).__globals__,
            include_extras=True,
        )
        collected = {
            p.name for p in parameters.values() if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        }
        found = {
            name: reader
            for name in hints.keys() - collected
            if (reader := reader_of(hints[name])) is not None
        }
        single = [p.name for p in parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
        return [(name, found.get(name)) for name in single], found

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        placed, named = readers()
        read: list[Any] = list(args)
        for i, (name, reader) in enumerate(placed[: len(read)]):
            if reader is not None:
                read[i] = reader(read[i], name)
        for name, reader in named.items():
            if name in kwargs:
                kwargs[name] = reader(kwargs[name], name)
        return function(*read, **kwargs)

    return call


def checked_fields(kind: type[R]) -> type[R]:
    """The class, made of fields that are looked at as `checked` looks at arguments."""
    kind.__init__ = checked(kind.__init__)  # type: ignore[method-assign]
    return kind


def reader_of(hint: Any) -> Reader | None:
    """What reads a value for this annotation; None where everything is taken as it is."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any or hint is object or isinstance(hint, TypeVar):
        return None
    if origin is typing.Annotated:
        reader: Reader | None = arguments[1]
        return reader
    if origin in (typing.Union, types.UnionType):
        return _any_of(arguments)
    if origin is Literal:
        return one_of(arguments)
    if origin in (tuple, Sequence, Iterable, list):
        if origin is tuple and arguments[-1] is not ...:
            return _items(list(map(reader_of, arguments)), _words(hint))
        return _items(reader_of(arguments[0]), _words(hint), arguments[0], origin is Iterable)
    if origin in (dict, Mapping):
        return _table(reader_of(arguments[1]))
    special: dict[Any, Reader] = {int: Integer(), float: _number, str: _text}
    kind = origin or hint
    return special.get(kind) or _instance(kind)


def _any_of(hints: Sequence[Any]) -> Reader | None:
    readers = [reader_of(hint) for hint in hints if hint is not type(None)]
    expected = " or ".join(_words(hint) for hint in hints)

    def read(value: Any, what: str) -> Any:
        if value is None and type(None) in hints:
            return None
        for reader in filter(None, readers):
            try:
                return reader(value, what)
            except InvalidInput as error:
                if len(readers) == 1:
                    raise InvalidInput(f"{error}, or None") from None
        raise unfit(what, value, expected)

    return None if None in readers else read


def one_of(choices: Sequence[Any]) -> Reader:
    """What takes one of these texts."""

    def read(value: Any, what: str) -> Any:
        text = plain(value)
        if text is None or text not in choices:
            raise unfit(what, value, " or ".join(f'"{choice}"' for choice in choices))
        return text

    return read


def _items(inside: Any, expected: str, plain: Any = None, in_any_order: bool = False) -> Reader:
    is_read_by_type = plain not in (None, float)  # of floats not all are numbers

    def read(value: Any, what: str) -> Any:
        if is_read_by_type and type(value) is tuple and {plain}.issuperset(map(type, value)):
            return value
        items = listed(_in_turn(value) if in_any_order else value, what, expected)
        if isinstance(inside, list):
            if len(items) != len(inside):
                raise unfit(what, value, expected)
            readers = inside
        else:
            readers = [inside] * len(items)
        return tuple(
            item if reader is None else reader(item, f"{what}[{i}]")
            for i, (reader, item) in enumerate(zip(readers, items, strict=True))
        )

    return read


def _table(inside: Reader | None) -> Reader:
    def read(value: Any, what: str) -> Any:
        if not isinstance(value, Mapping):
            raise unfit(what, value, "a dict")
        if inside is None:
            return value
        return {key: inside(item, f"{what}[{brief(key)}]") for key, item in value.items()}

    return read


def _number(value: Any, what: str) -> float:
    try:
        if not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value):
            return float(value)
    except Exception:
        pass
    raise unfit(what, value, "a finite number")


def _text(value: Any, what: str) -> str:
    text = plain(value)
    if text is None:
        raise unfit(what, value, "a text")
    return text


def positive(value: Any, what: str) -> float:
    """A finite number above 0."""
    number = _number(value, what)
    if number <= 0:
        raise unfit(what, value, "a positive number")
    return number


def _instance(kind: Any) -> Reader:
    def read(value: Any, what: str) -> Any:
        if not (callable(value) if kind is Callable else isinstance(value, kind)):
            raise unfit(what, value, _words(kind))
        return value

    return read


_WORDS = {
    int: "an integer",
    float: "a finite number",
    str: "a text",
    bool: "True or False",
    type(None): "None",
    Callable: "a function",
}


def _words(hint: Any) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return _words(arguments[0])
    if origin in (tuple, Sequence, Iterable, list):
        return (
            f"a sequence of {len(arguments)}"
            if origin is tuple and arguments[-1] is not ...
            else "a sequence"
        )
    kind = origin or hint
    return _WORDS.get(kind) or f"{'an' if kind.__name__[0] in 'AEIOU' else 'a'} {kind.__name__}"
