"""The small changes of which mutants are made, each one syntax node in place of another.

The changes, per syntax node:

- comparison: `<=` becomes `<` and `>=`; `<` becomes `<=` and `>`; `==` becomes `!=`, `<=` and `>=`; and so
  on; one half of `0 < x < 1` is dropped
- constant: n becomes n + 1 and n - 1; a truth value is negated; a text that is compared with is changed
- sign: + and - exchanged, * becomes +, / becomes *, a leading minus or `not` is dropped
- order: `u - w` becomes `w - u`, `u / w` becomes `w / u`
- term: one side of a sum, product or quotient is dropped; one of several conditions; one of `and`, `or`
- extreme: min and max exchanged, maximum and minimum, sum and max over coordinates, any and all; an
  absolute value or a root is dropped; and and or exchanged
- argument: two neighbouring arguments or entries of a tuple are exchanged; a parameter stands for another
  one of its type; an attribute stands for another one of the same object that the function reads
- class: a number or truth value in a class body, such as the least d, is changed like a constant
- premise: an `if` is never taken, or always; a loop or a call for its effect is dropped; a list of
  conditions becomes empty; a filter lets everything through

Left alone are texts for readers (docstrings, what a `raise` says, the text arguments of a function that
returns nothing and can only refuse), annotations, `strict=` of `zip`, and order where it is known not to
matter: in the arguments of some functions (`SYMMETRIC`), in a difference whose absolute value is taken,
in a tuple that is only looked through or that a `for` statement runs through, between conditions.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import TypeAlias

SYMMETRIC = frozenset(
    {"min", "max", "minimum", "maximum", "l1", "l2", "linf", "distance", "exact_distance"}
    | {"_l1_exact", "hat"}
)
"""Functions whose first two arguments may be exchanged.

Of distances, `l1/symmetric` and its like prove it; a hat only multiplies them with each other.
"""

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq, ast.LtE, ast.GtE),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_EXCHANGED = {
    "min": "max",
    "max": "min",
    "minimum": "maximum",
    "maximum": "minimum",
    "any": "all",
    "all": "any",
}
_OVER_COORDINATES = {"sum": "max", "max": "sum"}
"""What a namespace folds the last axis with; it has no minimum."""
_DROPPED_CALLS = ("abs", "sqrt")
_NOT_FORMULAS = ("self", "cls", "xp")

Path: TypeAlias = tuple[tuple[str, int | None], ...]
"""The way from a function to a node: fields, with the place in those that are lists."""

Change: TypeAlias = tuple[ast.AST, str]
"""What stands there instead, and the kind of change."""


def sites(
    node: ast.AST, texts: frozenset[int] = frozenset(), path: Path = ()
) -> Iterator[tuple[Path, ast.AST]]:
    """Every node that may change, with the way to it; what only readers see (`texts`, by id) is left out."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "args") and not isinstance(
            node, ast.Call
        ):
            continue
        children = value if isinstance(value, list) else [value]
        for index, child in enumerate(children):
            if not isinstance(child, ast.AST) or _is_for_readers(child) or id(child) in texts:
                continue
            at: Path = (*path, (name, index if isinstance(value, list) else None))
            yield at, child
            yield from sites(child, texts, at)


def _is_for_readers(node: ast.AST) -> bool:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    is_choice = isinstance(node, ast.IfExp) and isinstance(node.body, ast.JoinedStr)
    is_guard = isinstance(node, ast.keyword) and node.arg == "strict"
    kinds = (ast.Raise, ast.JoinedStr, ast.Import, ast.ImportFrom)
    return is_text or is_choice or is_guard or isinstance(node, kinds)


def constants(node: ast.Constant) -> Iterator[bool | int]:
    """The numbers or the truth value that a constant is exchanged for; none for a text."""
    if isinstance(node.value, bool):
        yield not node.value
    elif isinstance(node.value, int):
        yield from (node.value + 1, node.value - 1)


def _atconstants(node: ast.Constant, parent: ast.AST) -> Iterator[Change]:
    values: list[bool | int | str] = [*constants(node)]
    if isinstance(parent, ast.Subscript):
        values = [value for value in constants(node) if value >= 0]
    compares = isinstance(parent, ast.Compare) or (
        isinstance(parent, ast.Call) and _called(parent) == "getattr"
    )
    if isinstance(node.value, str) and compares:
        values = [f"not {node.value}"]
    yield from ((ast.Constant(value), "constant") for value in values)


def _at_compare(node: ast.Compare) -> Iterator[Change]:
    sides = [node.left, *node.comparators]
    is_text = any(map(_is_string, sides))
    for k, operator in enumerate(node.ops):
        for other in _COMPARISONS[type(operator)]:
            if is_text and isinstance(operator, ast.Eq) and other is not ast.NotEq:
                continue
            ops = [*node.ops[:k], other(), *node.ops[k + 1 :]]
            yield ast.Compare(node.left, ops, node.comparators), "comparison"
    if len(node.ops) == 2:
        yield ast.Compare(node.left, node.ops[:1], node.comparators[:1]), "comparison"
        yield ast.Compare(node.comparators[0], node.ops[1:], node.comparators[1:]), "comparison"


def _at_operation(node: ast.BinOp, parent: ast.AST) -> Iterator[Change]:
    left, right = node.left, node.right
    other: dict[type[ast.operator], ast.operator] = {
        ast.Add: ast.Sub(),
        ast.Sub: ast.Add(),
        ast.Mult: ast.Add(),
        ast.Div: ast.Mult(),
        ast.FloorDiv: ast.Mult(),
    }
    if type(node.op) in other:
        yield ast.BinOp(left, other[type(node.op)], right), "sign"
    yield left, "term"
    if isinstance(node.op, ast.Sub):
        yield ast.UnaryOp(ast.USub(), right), "term"
    elif not isinstance(node.op, (ast.Div, ast.FloorDiv)):
        yield right, "term"
    is_absolute = isinstance(parent, ast.Call) and _called(parent) == "abs"
    if isinstance(node.op, (ast.Sub, ast.Div)) and not is_absolute:
        yield ast.BinOp(right, node.op, left), "order"


def _called(node: ast.Call) -> str:
    function = node.func
    return str(getattr(function, "attr", None) or getattr(function, "id", ""))


def _at_call(node: ast.Call, texts: frozenset[int]) -> Iterator[Change]:
    name, is_method = _called(node), isinstance(node.func, ast.Attribute)
    of_namespace = is_method and getattr(getattr(node.func, "value", None), "id", "") == "xp"
    swaps = _OVER_COORDINATES if of_namespace and len(node.args) == 1 else _EXCHANGED
    if name in swaps:
        function = copy.deepcopy(node.func)
        setattr(function, "attr" if is_method else "id", swaps[name])
        yield ast.Call(function, node.args, node.keywords), "extreme"
    if name in _DROPPED_CALLS and len(node.args) == 1:
        yield node.args[0], "extreme"
    for args in _exchanges(node.args, 2 if name in SYMMETRIC else 0, texts):
        yield ast.Call(node.func, args, node.keywords), "argument"


def _is_string(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _exchanges(
    items: list[ast.expr], after: int = 0, texts: frozenset[int] = frozenset()
) -> Iterator[list[ast.expr]]:
    for k in range(after, len(items) - 1):
        pair = items[k : k + 2]
        if not any(
            isinstance(item, ast.Starred) or _is_string(item) or id(item) in texts for item in pair
        ):
            yield [*items[:k], *reversed(pair), *items[k + 2 :]]


def _at_tuple(node: ast.Tuple | ast.List, parent: ast.AST) -> Iterator[Change]:
    if not isinstance(node.ctx, ast.Load):
        return
    kind = type(node)
    are_conditions = all(isinstance(item, ast.Compare) for item in node.elts)
    is_looked_through = isinstance(parent, (ast.Compare, ast.For)) or (
        isinstance(parent, ast.Call) and _called(parent) == "isinstance"
    )
    if not are_conditions and not is_looked_through:
        for items in _exchanges(node.elts):
            yield kind(items, ast.Load()), "argument"
    if len(node.elts) > 1 and are_conditions:
        for k in range(len(node.elts)):
            yield kind([*node.elts[:k], *node.elts[k + 1 :]], ast.Load()), "term"


def _at_statement(node: ast.stmt) -> Iterator[Change]:
    if isinstance(node, ast.If):
        yield ast.If(ast.Constant(False), node.body, node.orelse), "premise"
        yield ast.If(ast.Constant(True), node.body, node.orelse), "premise"
    elif isinstance(node, ast.For) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ):
        yield ast.Pass(), "premise"


def alternatives(node: ast.AST, parent: ast.AST, names: Names) -> Iterator[Change]:
    """Everything that may stand where `node` stands."""
    match node:
        case ast.Constant():
            yield from _atconstants(node, parent)
        case ast.Compare():
            yield from _at_compare(node)
        case ast.BinOp():
            yield from _at_operation(node, parent)
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=inner):
            yield inner, "sign"
        case ast.BoolOp():
            other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield ast.BoolOp(other, node.values), "extreme"
            for k in range(len(node.values)):
                rest = [*node.values[:k], *node.values[k + 1 :]]
                yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest), "term"
        case ast.Call():
            yield from _at_call(node, names.texts)
        case ast.IfExp():
            yield node.body, "premise"
            yield node.orelse, "premise"
        case ast.Tuple() | ast.List():
            yield from _at_tuple(node, parent)
        case ast.ListComp():
            yield ast.List([], ast.Load()), "premise"
        case ast.comprehension() if node.ifs:
            yield ast.comprehension(node.target, node.iter, [], node.is_async), "premise"
        case ast.Name(ctx=ast.Load()):
            yield from (
                (ast.Name(o, ast.Load()), "argument") for o in names.instead_of(node.id, parent)
            )
        case ast.Attribute(ctx=ast.Load(), value=base):
            yield from (
                (ast.Attribute(base, o, ast.Load()), "argument")
                for o in names.attributes(node, parent)
            )
        case ast.stmt():
            yield from _at_statement(node)


class Names:
    """Which names and attributes of a function may stand for one another."""

    def __init__(self, function: ast.FunctionDef, texts: frozenset[int]) -> None:
        self.texts = texts
        self._groups: list[list[str]] = []
        typed: dict[str, list[str]] = {}
        for argument in (*function.args.posonlyargs, *function.args.args):
            if argument.arg not in _NOT_FORMULAS and argument.annotation is not None:
                typed.setdefault(ast.unparse(argument.annotation), []).append(argument.arg)
        self._groups += typed.values()
        self._read: dict[str, list[str]] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Store):
                bound = [item.id for item in node.elts if isinstance(item, ast.Name)]
                self._groups.append([name for name in bound if name != "_"])
        called = {id(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
        for _, node in sites(function, texts):
            if isinstance(node, ast.Attribute) and id(node) not in called:
                read = self._read.setdefault(ast.unparse(node.value), [])
                if node.attr not in read:
                    read.append(node.attr)

    def instead_of(self, name: str, parent: ast.AST) -> Iterator[str]:
        if isinstance(parent, ast.Attribute) or (
            isinstance(parent, ast.Call) and getattr(parent.func, "id", None) == name
        ):
            return
        for group in self._groups:
            if name in group:
                yield from (other for other in group if other != name)

    def attributes(self, node: ast.Attribute, parent: ast.AST) -> Iterator[str]:
        if isinstance(parent, ast.Call) and parent.func is node:
            return
        read = self._read.get(ast.unparse(node.value), [])
        if node.attr in read:
            yield from (other for other in read if other != node.attr)
