"""NumPy arrays out of a pickle that need not be trusted: nothing in it is imported or called.

A pickle is a program for a small machine. The steps that lists, dicts and arrays of float32 are made of are done here; every
other step is refused, and so is every global but the three that an array names. They stand for themselves and are never
run. Work and memory are bounded by the file's size: lengths are those of bytes that are there.
"""

from __future__ import annotations

import math
import pickletools
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trompe.ground.errors import brief
from trompe.ground.reading import Unreadable, read_file

MAX_BYTES = 16 * 2**20
"""The largest pickle that is read."""

_RECONSTRUCT, _NDARRAY, _DTYPE = object(), object(), object()
_GLOBALS = {
    "numpy.core.multiarray _reconstruct": _RECONSTRUCT,  # NumPy before 2
    "numpy._core.multiarray _reconstruct": _RECONSTRUCT,
    "numpy ndarray": _NDARRAY,
    "numpy dtype": _DTYPE,
}
_LITERALS = {
    "BINBYTES", "BININT", "BININT1", "BININT2", "BINUNICODE", "SHORT_BINBYTES", "SHORT_BINUNICODE",
}  # fmt: skip
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_FLOAT32 = (3, "<", None, None, None, -1, -1, 0)
_MARK = object()


class _Array:
    """An array: empty, until its numbers are there."""

    numbers: NDArray[np.float32] | None = None


class _Float32:
    """The type of numbers that arrays may have."""


class _Refused(Exception):
    """It asks for something that arrays do not need."""


def read_arrays(path: Path) -> dict[str, list[NDArray[np.float32]]]:
    """A pickled dict of lists of float32 arrays, by name.

    Raises
    ------
    Unreadable : it is no file, larger than `MAX_BYTES`, damaged, holds something else, or asks for another global,
        which is named.
    """
    return unpickled(read_file(path, MAX_BYTES))


def unpickled(content: bytes) -> dict[str, list[NDArray[np.float32]]]:
    """As `read_arrays`, of the bytes of a file."""
    try:
        found = _run(content)
    except _Refused as error:
        raise Unreadable(f"it is refused: {error}") from None
    except Exception as error:  # the machine's own, of what is damaged
        why = brief(str(error) or type(error).__name__)
        raise Unreadable(f"it is a damaged pickle ({why})") from None
    if not isinstance(found, dict) or not all(map(_is_list_of_arrays, found.values())):
        raise Unreadable("it holds something else than a dict of lists of float32 arrays")
    return {name: [array.numbers for array in arrays] for name, arrays in found.items()}


def _is_list_of_arrays(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, _Array) and item.numbers is not None for item in value
    )


def _run(content: bytes) -> Any:
    """What is left when the machine stops."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    argument: Any
    for opcode, argument, _ in pickletools.genops(content):
        name = opcode.name
        if name in ("PROTO", "FRAME"):
            continue
        if name == "STOP":
            (found,) = stack
            return found
        if name in _LITERALS:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in ("GLOBAL", "INST"):
            stack.append(_global(argument))
        elif name == "STACK_GLOBAL":
            module, what = _last(stack, 2)
            stack.append(_global(f"{module} {what}"))
        elif name == "MARK":
            stack.append(_MARK)
        elif name == "EMPTY_LIST":
            stack.append([])
        elif name == "EMPTY_DICT":
            stack.append({})
        elif name in _TUPLES:
            stack.append(tuple(_last(stack, _TUPLES[name])))
        elif name == "TUPLE":
            stack.append(tuple(_since_mark(stack)))
        elif name in ("APPEND", "APPENDS"):
            items = _last(stack, 1) if name == "APPEND" else _since_mark(stack)
            _of_kind(stack[-1], list).extend(items)
        elif name in ("SETITEM", "SETITEMS"):
            items = _last(stack, 2) if name == "SETITEM" else _since_mark(stack)
            for key, value in zip(items[::2], items[1::2], strict=True):
                _of_kind(stack[-1], dict)[_of_kind(key, str)] = value
        elif name in ("BINPUT", "LONG_BINPUT"):
            memo[argument] = stack[-1]
        elif name == "MEMOIZE":
            memo[len(memo)] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[argument])
        elif name == "REDUCE":
            stack.append(_made(*_last(stack, 2)))
        elif name == "BUILD":
            (state,) = _last(stack, 1)
            _fill(stack[-1], state)
        else:
            raise _Refused(f"it has the step {name}, which arrays do not need")
    raise ValueError("it does not end")


def _global(name: str) -> object:
    """What stands for a global."""
    if name not in _GLOBALS:
        spelled = brief(ascii(name.replace(" ", ".")))
        raise _Refused(f"it asks for {spelled}, and only NumPy's arrays of float32 are read")
    return _GLOBALS[name]


def _last(stack: list[Any], count: int) -> list[Any]:
    if len(stack) < count or any(item is _MARK for item in stack[len(stack) - count :]):
        raise ValueError("it takes what is not there")
    items = stack[len(stack) - count :]
    del stack[len(stack) - count :]
    return items


def _since_mark(stack: list[Any]) -> list[Any]:
    at = next(i for i in range(len(stack) - 1, -1, -1) if stack[i] is _MARK)
    items = stack[at + 1 :]
    del stack[at:]
    return items


def _of_kind(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise ValueError(f"a {type(value).__name__} where a {kind.__name__} belongs")
    return value


def _made(function: Any, arguments: Any) -> Any:
    """What a call of a global gives: the two calls that arrays begin with."""
    if function is _DTYPE and arguments in (("f4", 0, 1), ("f4", False, True)):
        return _Float32()
    if function is _RECONSTRUCT and arguments == (_NDARRAY, (0,), b"b"):
        return _Array()
    raise _Refused("it makes something else than an array of float32")


def _fill(item: Any, state: Any) -> None:
    """What a type or an array is told after it is made."""
    given = _of_kind(state, tuple)
    if isinstance(item, _Float32) and given == _FLOAT32:
        return
    if not isinstance(item, _Array) or len(given) != 5 or not isinstance(given[2], _Float32):
        raise _Refused("it fills something else than an array of float32")
    _, shape, _, is_fortran, raw = given
    sides = [_of_kind(side, int) for side in _of_kind(shape, tuple)]
    if len(sides) > 8 or any(side < 1 for side in sides):
        raise ValueError("an array has a side below 1, or more than 8 axes")
    if 4 * math.prod(sides) != len(_of_kind(raw, bytes)):
        raise ValueError(f"an array of {math.prod(sides)} numbers has {len(raw)} bytes")
    order: Any = "F" if is_fortran is True else "C"
    item.numbers = np.frombuffer(raw, dtype="<f4").reshape(sides, order=order)
