"""The registry: every row in its order, the paper's and ours, and every theorem by its key."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from trompe.ground.arguments import BY_ITSELF, unfit
from trompe.ground.errors import InvalidInput, UnknownKey, brief, known, plain
from trompe.theory.classes import FunctionClass
from trompe.theory.levels import EXTREMES, LEVELS, level_cells
from trompe.theory.rows.additive import Additive
from trompe.theory.rows.affine import Affine, Affine1d
from trompe.theory.rows.constant import Constant
from trompe.theory.rows.convex import Convex
from trompe.theory.rows.free import (
    BlackBox,
    EmpiricalRiskMinimizer,
    LipschitzUnknown,
    NeuralNetwork,
    PiecewiseAffine,
)
from trompe.theory.rows.lipschitz import Lipschitz
from trompe.theory.rows.monotone import Monotone
from trompe.theory.rows.neuron import Neuron, Neuron1d
from trompe.theory.shares.base import SharpRow
from trompe.theory.shares.cones import ConeSetting
from trompe.theory.statements import Theorem, cells
from trompe.theory.tasks import TASKS, AnyApprox, Approx, Task

ROWS: dict[str, type[FunctionClass]] = {
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
        LipschitzUnknown,
        Neuron,
        Neuron1d,
        Additive,
    )
}
"""Every row, in the order in which tables show them; `paper` tells the paper's rows from ours."""

CLASSES = {key: kind for key, kind in ROWS.items() if kind.paper}
"""The ten rows of the paper's table."""

EXTENDED = {key: kind for key, kind in ROWS.items() if not kind.paper}
"""Our further rows."""

ALL_THEOREMS: dict[str, Theorem] = {
    key: cell
    for row, kind in ROWS.items()
    for key, cell in cells(row, kind.statement, kind.paper).items()
}
"""Every cell where both extremes are shown with their values, row by row."""

THEOREMS = {key: cell for key, cell in ALL_THEOREMS.items() if cell.row in CLASSES}
"""All cells of the paper's table."""

EXTENDED_THEOREMS = {key: cell for key, cell in ALL_THEOREMS.items() if cell.row in EXTENDED}
"""The cells of our further rows; `paper` is None in each."""

LEVEL_THEOREMS: dict[str, Theorem] = {
    key: cell
    for row, kind in CLASSES.items()
    for key, cell in level_cells(row, kind.statement, kind.own).items()
}
"""The cells of the paper's ten rows where less is shown than both extremes with their values: row/task/level."""

EVERY_THEOREM: Mapping[str, Theorem] = ChainMap(LEVEL_THEOREMS, ALL_THEOREMS)
"""Every theorem by its key."""


Class: TypeAlias = Annotated[FunctionClass | str, BY_ITSELF]
"""A class of functions, or its key; `as_class` reads it."""

AnyTask: TypeAlias = Annotated[Task | str, BY_ITSELF]
"""A task, or its key; `task` reads it."""

AnyTheorem: TypeAlias = Annotated[Theorem | str, BY_ITSELF]
"""A theorem, or its key; `theorem` reads it."""


def row_class(key: str) -> type[FunctionClass]:
    """The class of functions of the row called `key`."""
    return known("row", key, ROWS)


def function_class(key: str, **parameters: Any) -> FunctionClass:
    """The class called `key`.

    `parameters` are `constant` and `metric` (lipschitz), `data` (erm), `link` and `slope` (neuron, neuron-1d).

    Raises
    ------
    UnknownKey : no such class. InvalidInput : a parameter that it does not have, or that is none.
    """
    kind = row_class(key)
    for name in parameters:
        if name not in kind.parameters():
            takes = f"it takes {' and '.join(kind.parameters()) or 'none'}"
            raise InvalidInput(f"{key}: {brief(name)} is no parameter of this class; {takes}")
    return kind(**parameters)


def as_class(given: Class) -> FunctionClass:
    """A class of functions; a key stands for the class with its default parameters.

    Raises
    ------
    UnknownKey : no such key. InvalidInput : neither a class nor a key.
    """
    if isinstance(given, FunctionClass):
        return given
    if isinstance(given, str):
        return function_class(given)
    raise unfit("function_class", given, 'a class, such as function_class("convex"), or its key')


def rows_with(parameter: str) -> tuple[str, ...]:
    """The rows whose class has this parameter."""
    return tuple(key for key, kind in ROWS.items() if parameter in kind.parameters())


def lacks_level(key: object) -> bool:
    """Is it row/task/level of a row, a task and a level that there are, but no key?"""
    root, _, at = (plain(key) or "").rpartition("/")
    return root in ALL_THEOREMS and at in LEVELS and f"{root}/{at}" not in EVERY_THEOREM


def theorem(key: AnyTheorem) -> Theorem:
    """The theorem called `key`: `monotone/side`, of our further rows `additive/side`, of a level `monotone/side/argmax`.

    Raises
    ------
    UnknownKey : no such theorem.
    """
    name = key.key if isinstance(key, Theorem) else key
    if lacks_level(name):
        root, _, at = (plain(name) or "").rpartition("/")
        row = root.partition("/")[0]
        why = (
            f"{row} has theorems at {EXTREMES} only"
            if at != EXTREMES
            else f"a key at {EXTREMES} is row/task"
        )
        raise UnknownKey("theorem", name, [root], why)
    return known("theorem", name, EVERY_THEOREM)


def task(key: AnyTask) -> Task:
    """The task called `key`, with eps = 1/4 where it needs one; a task is itself.

    Raises
    ------
    UnknownKey : no such task.
    """
    return key if isinstance(key, Task) else known("task", key, TASKS)()


def task_of(key: AnyTheorem, eps: Any = None) -> Task:
    """The task of a theorem, with a tolerance that its statement is about; 1/4 if it needs one and none is given.

    Raises
    ------
    UnknownKey : no such theorem. InvalidInput : no such tolerance, or the task has none.
    """
    item = theorem(key)
    if eps is None:
        return TASKS[item.task]()
    if item.task != Approx.key:
        raise InvalidInput(
            f"{item.key}: eps = {brief(eps)} is given, but the task is {item.task}; eps belongs to approx"
        )
    return (AnyApprox if item.any_eps else Approx)(eps)


# -- the sharp table -------------------------------------------------------------------------------------


FURTHER = tuple(key for key, kind in EXTENDED.items() if not kind.no_sharp_row)
"""Our further rows with a sharp row."""


def sharp_row(key: str, setting: ConeSetting | None = None) -> SharpRow:
    """The sharp row called `key`; `setting` is for lipschitz, lambda = 2 in l2 if none is given."""
    return row_class(key).sharp_row(setting)


def sharp_rows(setting: ConeSetting | None = None, extended: bool = False) -> tuple[SharpRow, ...]:
    """The ten rows of the paper's table, in its order, and with `extended` our further ones."""
    return tuple(sharp_row(key, setting) for key in (*CLASSES, *(FURTHER if extended else ())))
