"""A row's formulas as a program for another language: recorded with every branch, from what is shown to f and g.

A construction runs on numbers that write down what is done with them. Where Python asks one of them a question, such as
which of two distances is smaller, both answers are followed, so that the program holds for every position of the
extremes and the query. Nothing is written a second time: what is recorded are `check_visualization`, `parameters`,
`features`, `upper`, `lower` and `strict` themselves, and the mix.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, partial
from operator import add, mul, sub, truediv
from typing import Any

from trompe.constructions.catalogue import example, row_of
from trompe.constructions.row import Row
from trompe.ground.arguments import Dim, checked
from trompe.ground.errors import InvalidInput
from trompe.theory import TASKS, Dataset, FunctionClass, Interval, Task, Visualization
from trompe.theory.namespace import Array, ObjectNamespace

Node = tuple[Any, ...]
"""("in", name), ("number", "1/2"), or an operation with the places of its arguments: add, sub, mul, div, max, min, abs."""

_INPUT_OF = {"constant": "L"}
"""Parameters of classes that are inputs of a program."""

OUTPUTS = ("U", "W", "B", "f", "g")
_OPERATIONS: dict[str, Callable[..., Fraction]] = {
    "add": add, "sub": sub, "mul": mul, "div": truediv, "max": max, "min": min, "abs": abs,
}  # fmt: skip


class Tape:
    """The nodes that were recorded, each once, and the answers of the path that is followed."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._index: dict[Node, int] = {}
        self.script: Sequence[bool] = ()
        self.asked: list[Node] = []
        self._known: dict[Node, bool] = {}

    def follow(self, script: Sequence[bool]) -> None:
        """Begin a path: these answers first, then yes to everything."""
        self.script, self.asked, self._known = script, [], {}

    def put(self, *node: Any) -> Recorded:
        """The number that this node computes; equal nodes are one."""
        if node not in self._index:
            self._index[node] = len(self.nodes)
            self.nodes.append(node)
        return Recorded(self, self._index[node])

    def number(self, value: Fraction | int) -> Recorded:
        """An exact constant."""
        return self.put("number", str(Fraction(value)))

    def recorded(self, value: Any) -> Recorded:
        """The number itself, or an exact one as a constant."""
        return value if isinstance(value, Recorded) else self.number(value)

    def value(self, number: Recorded) -> Fraction | None:
        """The number, where it is a constant."""
        op, *rest = self.nodes[number.place]
        return Fraction(rest[0]) if op == "number" else None

    def ask(self, op: str, a: Recorded, b: Recorded) -> bool:
        """Is a < b (lt), or a = b (eq), on this path?"""
        p, q = self.value(a), self.value(b)
        if p is not None and q is not None:
            return p < q if op == "lt" else p == q
        if a.place == b.place:
            return op == "eq"
        question = (op, a.place, b.place)
        if question not in self._known:
            taken = len(self.asked)
            self._known[question] = self.script[taken] if taken < len(self.script) else True
            self.asked.append(question)
        return self._known[question]


class Recorded(Fraction):
    """A number that writes down what is done with it.

    It counts as its own numerator over 1, and as text it is `{place}`, so that a message says where its value belongs. As
    a coordinate in [0, 1] its denominator is 1 exactly at 0 and 1.
    """

    __slots__ = ("place", "tape")
    tape: Tape
    place: int

    def __new__(cls, tape: Tape, place: int) -> Recorded:
        self = super().__new__(cls, 0)
        self.tape, self.place = tape, place
        return self

    def _put(self, op: str, other: Any, exact: Callable[[Any, Any], Any], unit: int) -> Any:
        """The result; constants are computed, and what has no effect (`unit` on the right) is left out."""
        if not isinstance(other, (int, Fraction)):
            return NotImplemented
        that = self.tape.recorded(other)
        p, q = self.tape.value(self), self.tape.value(that)
        if p is not None and q is not None:
            return self.tape.number(exact(p, q))
        return self if q == unit else self.tape.put(op, self.place, that.place)

    def __add__(self, other: Any) -> Any:
        if self.tape.value(self) == 0 and isinstance(other, Recorded):
            return other
        return self._put("add", other, add, 0)

    def __sub__(self, other: Any) -> Any:
        return self._put("sub", other, sub, 0)

    def __mul__(self, other: Any) -> Any:
        if self.tape.value(self) == 1 and isinstance(other, Recorded):
            return other
        return self._put("mul", other, mul, 1)

    def __truediv__(self, other: Any) -> Any:
        return self._put("div", other, truediv, 1)

    def __radd__(self, other: Any) -> Any:
        return self + other

    def __rmul__(self, other: Any) -> Any:
        return self * other

    def __rsub__(self, other: Any) -> Any:
        return self.tape.recorded(other) - self

    def __rtruediv__(self, other: Any) -> Any:
        return self.tape.recorded(other) / self

    def __neg__(self) -> Any:
        return self.tape.number(0) - self

    def __abs__(self) -> Recorded:
        value = self.tape.value(self)
        return self.tape.put("abs", self.place) if value is None else self.tape.number(abs(value))

    def __lt__(self, other: Any) -> bool:
        return self.tape.ask("lt", self, self.tape.recorded(other))

    def __gt__(self, other: Any) -> bool:
        return self.tape.ask("lt", self.tape.recorded(other), self)

    def __le__(self, other: Any) -> bool:
        return not self > other

    def __ge__(self, other: Any) -> bool:
        return not self < other

    def __eq__(self, other: object) -> bool:
        return self.tape.ask("eq", self, self.tape.recorded(other))

    __hash__ = Fraction.__hash__

    def __bool__(self) -> bool:
        return self != 0

    def __str__(self) -> str:
        value = self.tape.value(self)
        return f"{{{self.place}}}" if value is None else str(value)

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)  # from Python 3.13 on Fraction's own does not ask __str__

    def as_integer_ratio(self) -> tuple[Any, int]:
        return self, 1

    @property
    def denominator(self) -> int:
        return 1 if self == 0 or self == 1 else 2

    @property
    def numerator(self) -> Any:
        return self * self.denominator

    def least(self, others: Sequence[Recorded]) -> Recorded:
        """The least of this and others, as a min."""
        found = self
        for other in others:
            found = self.tape.put("min", found.place, other.place)
        return found

    def bit_length(self) -> int:
        return 1


class _Recording(ObjectNamespace):
    """The namespace of recorded numbers."""

    def __init__(self, tape: Tape) -> None:
        def either(op: str) -> Callable[[Any, Any], Any]:
            return lambda a, b: tape.put(op, tape.recorded(a).place, tape.recorded(b).place)

        super().__init__(
            number=tape.number, maximum=either("max"), minimum=either("min"), absolute=abs
        )

    def number(self, value: Any) -> Any:
        return value if isinstance(value, Recorded) else super().number(value)


@dataclass(frozen=True)
class Program:
    """U, W, B, f and g of a row as functions of `inputs`: the extremes, the query, z, m, M and eta, and L where the class has one.

    Each of the `stages` is a tree of questions, {"if": question, "yes": tree, "no": tree}, above leaves. The first that
    leads to an end counts: {"refused": why, with {place} for values} where no member has these extremes, {"shown": place
    of the value} where the query is shown, or {"out": places of the OUTPUTS}; {} leads to the next stage. A tree of
    `tasks` ends in {"decidable": whether one answer is right for all values from `low` to `high` at the query}; approx is
    at eps = 1/4.
    """

    row: str
    dim: int
    inputs: tuple[str, ...]
    nodes: tuple[Node, ...]
    stages: tuple[dict[str, Any], ...]
    tasks: dict[str, dict[str, Any]]

    def run(self, given: Mapping[str, Fraction]) -> dict[str, Fraction]:
        """The OUTPUTS at these inputs; none where it ends otherwise."""

        @cache
        def value(place: int) -> Fraction:
            op, *rest = self.nodes[place]
            if op == "in":
                return given[rest[0]]
            return Fraction(rest[0]) if op == "number" else _OPERATIONS[op](*map(value, rest))

        for tree in self.stages:
            while "if" in tree:
                op, p, q = tree["if"]
                is_so = value(p) < value(q) if op == "lt" else value(p) == value(q)
                tree = tree["yes" if is_so else "no"]
            if tree:
                return {name: value(place) for name, place in tree.get("out", {}).items()}
        return {}

    def as_json(self) -> dict[str, Any]:
        """The program as plain data."""
        return {
            "row": self.row,
            "dim": self.dim,
            "inputs": list(self.inputs),
            "nodes": [list(node) for node in self.nodes],
            "stages": list(self.stages),
            "tasks": self.tasks,
        }


def point_names(letter: str, dim: int) -> list[str]:
    """The inputs that are the coordinates of a point: a1, a2."""
    return [f"{letter}{i + 1}" for i in range(dim)]


@checked
def program(row: str, dim: Dim) -> Program:
    """The program of a row at its example's class, with L as an input where the class has one.

    Raises
    ------
    UnknownKey : no such row. InvalidInput : the row is not about this number of inputs, or has neither a pair nor an only
    member at arrays of points.
    """
    cls = row_of(row).recordable(example(row, dim).cls)
    made = row_of(row)
    if made.construction is None and type(made).known is Row.known:
        raise InvalidInput(
            f"{row}: has neither a pair nor an only member at arrays of points, so no program computes it"
        )
    tape = Tape()
    names = [n for letter in "abxz" for n in point_names(letter, dim)]
    names += ["m", "M", "eta", "low", "high"]
    names += [_INPUT_OF[name] for name in cls.parameters() if name in _INPUT_OF]
    given = {name: tape.put("in", name) for name in names}
    of = _with_recorded(cls, given, tape)

    a, b, x, z = (tuple(given[name] for name in point_names(letter, dim)) for letter in "abxz")
    v, xp = _shown(a, b, given["m"], given["M"]), _Recording(tape)

    def admitted() -> dict[str, Any]:
        try:
            v.check_values()
            of.check_visualization(v)
        except InvalidInput as error:
            return {"refused": str(error)}
        return {}

    def told() -> dict[str, Any]:
        data = getattr(of, "data", Dataset())
        at = [(a, v.minimum), (b, v.maximum), *zip(data.inputs, data.labels, strict=True)]
        return next(({"shown": value.place} for point, value in at if x == point), {})

    def computed() -> dict[str, Any]:
        here = xp.array(z)
        if made.construction is None:
            values = (xp.number(made.known(of, v, here, xp)),) * len(OUTPUTS)
        else:
            triple = made.construction.triple(of, v, x)
            pair = triple._mixed(given["eta"])
            extremal = triple.evaluate(here, xp, "upper", "lower", "strict")
            values = (*extremal, *pair.evaluate_both(here, xp))
        places = (_single(value).place for value in values)
        return {"out": dict(zip(OUTPUTS, places, strict=True))}

    def judged(task: Task) -> dict[str, Any]:
        fibre = object.__new__(Interval)
        for name, value in (("lower", given["low"]), ("upper", given["high"])):
            object.__setattr__(fibre, name, value)
        return {"decidable": any(map(bool, task.criterion(fibre, v.minimum, v.maximum, xp)))}

    stages = tuple(_grown(tape, stage, []) for stage in (admitted, told, computed))
    tasks = {key: _grown(tape, partial(judged, kind()), []) for key, kind in TASKS.items()}
    return Program(row, dim, tuple(names), tuple(tape.nodes), stages, tasks)


def _grown(tape: Tape, path: Callable[[], dict[str, Any]], script: list[bool]) -> dict[str, Any]:
    """All paths that begin with these answers."""
    tape.follow(script)
    leaf = path()
    if len(tape.asked) == len(script):
        return leaf
    question = tape.asked[len(script)]
    yes = _grown(tape, path, [*script, True])
    no = _grown(tape, path, [*script, False])
    return yes if yes == no else {"if": list(question), "yes": yes, "no": no}


def _single(value: Array) -> Recorded:
    found = value if isinstance(value, Recorded) else value[()]
    assert isinstance(found, Recorded)
    return found


def _shown(a: Any, b: Any, low: Any, high: Any) -> Visualization:
    """A visualization of recorded numbers; what its own checks ask was asked."""
    v = object.__new__(Visualization)
    fields = {"argmin_set": (a,), "argmax_set": (b,), "minimum": low, "maximum": high}
    for name, value in fields.items():
        object.__setattr__(v, name, value)
    return v


def _with_recorded(cls: FunctionClass, given: dict[str, Recorded], tape: Tape) -> FunctionClass:
    """The class with L as an input and its training data as recorded constants."""
    of = object.__new__(type(cls))
    for name in cls.parameters():
        value = getattr(cls, name)
        if isinstance(value, Dataset):
            data = object.__new__(Dataset)
            points = tuple(tuple(map(tape.number, s)) for s in value.inputs)
            object.__setattr__(data, "inputs", points)
            object.__setattr__(data, "labels", tuple(map(tape.number, value.labels)))
            value = data
        object.__setattr__(of, name, given[_INPUT_OF[name]] if name in _INPUT_OF else value)
    return of
