"""Mutants: a function of ours with one small change, made from its syntax tree and built in memory.

No mutant is written by hand, so that a new construction is mutated by existing. A mutant is put in place
by giving the function another code object and taken out by giving the old one back: whoever imported
the function gets the damaged one, nothing on disk changes.

The changes are those of `operators`.
"""

from __future__ import annotations

import ast
import copy
import functools
import importlib
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from trompe.proofs.mutation.operators import Names, Path, alternatives, constants, sites
from trompe.theory import InvalidInput


@dataclass(frozen=True)
class Mutant:
    """One change of one function, named so that it stays the same when lines move."""

    module: str
    function: str
    kind: str
    change: str
    number: int
    """1 for the first place of the function at which this very change is made."""

    @property
    def name(self) -> str:
        """For example `theory/rows/monotone.py Monotone.law: c.at_y <= c.at_z -> c.at_y < c.at_z`."""
        place = self.module.removeprefix("trompe.").replace(".", "/") + ".py"
        suffix = f"  #{self.number}" if self.number > 1 else ""
        return f"{place} {self.function}: {self.change}{suffix}"


# -- finding functions --------------------------------------------------------------------------


@functools.lru_cache(maxsize=32)
def _tree(module: str) -> ast.Module:
    return ast.parse(inspect.getsource(importlib.import_module(module)))


@functools.lru_cache(maxsize=32)
def _definitions(module: str) -> dict[str, tuple[tuple[str, ...], ast.FunctionDef]]:
    found: dict[str, tuple[tuple[str, ...], ast.FunctionDef]] = {}

    def walk(body: list[ast.stmt], inside: tuple[str, ...]) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef):
                walk(node.body, (*inside, node.name))
            elif isinstance(node, ast.FunctionDef):
                found[".".join((*inside, node.name))] = (inside, node)

    walk(_tree(module).body, ())
    return found


@functools.lru_cache(maxsize=32)
def _settings(module: str) -> dict[str, bool | int]:
    """Numbers and truth values that class bodies set, by qualified name."""
    found: dict[str, bool | int] = {}
    for node in _tree(module).body:
        owner = node.name if isinstance(node, ast.ClassDef) else ""
        for inner in node.body if isinstance(node, ast.ClassDef) else ():
            target: ast.expr | None = inner.target if isinstance(inner, ast.AnnAssign) else None
            if isinstance(inner, ast.Assign):
                target = inner.targets[0]
            value = getattr(inner, "value", None)
            setting = value.value if isinstance(value, ast.Constant) else None
            if isinstance(target, ast.Name) and isinstance(setting, (bool, int)):
                found[f"{owner}.{target.id}"] = setting
    return found


def places(module: str) -> tuple[str, ...]:
    """The qualified names of a module's functions, methods and class settings."""
    return (*_definitions(module), *_settings(module))


def is_setting(module: str, place: str) -> bool:
    """Is this a number or truth value of a class, and not a function?"""
    return place in _settings(module)


def function_of(module: str, name: str) -> FunctionType:
    """The function object behind a qualified name, out of its property, cache or static method."""
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = vars(found)[part]
    for wrapper in ("fget", "func", "__func__", "__wrapped__"):
        found = getattr(found, wrapper, None) or found
    if not isinstance(found, FunctionType):
        raise InvalidInput(f"{module} {name} is no function but {type(found).__name__}")
    return found


# -- mutants of a function ---------------------------------------------------------------------------


@functools.lru_cache(maxsize=1024)
def _edits(module: str, function: str) -> tuple[tuple[Mutant, Path, ast.AST], ...]:
    _, original = _definitions(module)[function]
    texts = _texts(module, original)
    names = Names(original, texts)
    nodes: dict[Path, ast.AST] = {(): original}
    seen = {ast.unparse(original)}
    counts: dict[str, int] = {}
    found: list[tuple[Mutant, Path, ast.AST]] = []
    for path, node in sites(original, texts):
        nodes[path] = node
        for other, kind in alternatives(node, nodes[path[:-1]], names):
            text = ast.unparse(ast.fix_missing_locations(_replaced(original, path, other)))
            if text in seen:
                continue
            seen.add(text)
            change = f"{_shown(node)} -> {_shown(other)}"
            counts[change] = counts.get(change, 0) + 1
            mutant = Mutant(module, function, kind, change, counts[change])
            found.append((mutant, path, other))
    return tuple(found)


def _texts(module: str, function: ast.FunctionDef) -> frozenset[int]:
    """The arguments that are texts for a reader, by id: of type str, given to a function that returns None."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called = getattr(importlib.import_module(module), node.func.id, None)
            if (
                not isinstance(called, FunctionType)
                or called.__annotations__.get("return") != "None"
            ):
                continue
            parameters = called.__code__.co_varnames[: called.__code__.co_argcount]
            for name, argument in zip(parameters, node.args, strict=False):
                if called.__annotations__.get(name) == "str":
                    found.add(id(argument))
    return frozenset(found)


def _shown(node: ast.AST) -> str:
    """A node in one line; of a statement its head only."""
    if isinstance(node, ast.Pass):
        return "dropped"
    if isinstance(node, ast.comprehension):
        node = ast.GeneratorExp(ast.Constant(...), [node])
    text = ast.unparse(ast.fix_missing_locations(copy.deepcopy(node)))
    return text.splitlines()[0].removesuffix(":")


def mutants(module: str, place: str) -> tuple[Mutant, ...]:
    """All mutants of a function or class setting, in the order of the source."""
    if is_setting(module, place):
        value = _settings(module)[place]
        return tuple(
            Mutant(module, place, "class", f"{value} -> {other}", 1)
            for other in constants(ast.Constant(value))
        )
    return tuple(mutant for mutant, _, _ in _edits(module, place))


def _replaced(function: ast.FunctionDef, path: Path, other: ast.AST) -> ast.FunctionDef:
    changed = copy.deepcopy(function)
    at: Any = changed
    for name, index in path[:-1]:
        at = getattr(at, name) if index is None else getattr(at, name)[index]
    name, index = path[-1]
    if index is None:
        setattr(at, name, copy.deepcopy(other))
    else:
        getattr(at, name)[index] = copy.deepcopy(other)
    return changed


def _built(mutant: Mutant) -> CodeType:
    """The code of the changed function, compiled on its own inside the classes that it stands in."""
    inside, original = _definitions(mutant.module)[mutant.function]
    edits = {m: (path, other) for m, path, other in _edits(mutant.module, mutant.function)}
    if mutant not in edits:
        raise InvalidInput(f"there is no mutant {mutant.name!r}")
    changed = _replaced(original, *edits[mutant])
    changed.decorator_list = []
    if inside:  # keeps the cell that `super()` needs, whether or not the change left a use of it
        uses = ast.parse("if False:\n    __class__").body
        if "__class__" in function_of(mutant.module, mutant.function).__code__.co_freevars:
            changed.body = [*uses, *changed.body]
    node: ast.stmt = changed
    for name in reversed(inside):
        node = ast.ClassDef(name, [], [], [node], [])
    head = ast.parse("from __future__ import annotations").body
    whole = ast.fix_missing_locations(ast.Module([*head, node], []))
    code = compile(whole, f"<mutant of {mutant.module}>", "exec", dont_inherit=True)
    for name in (*inside, changed.name):
        code = next(c for c in code.co_consts if isinstance(c, CodeType) and c.co_name == name)
    return code


@contextmanager
def damaged(mutant: Mutant) -> Iterator[None]:
    """The function is the mutant inside the block, in this process; then it is itself again.

    Raises
    ------
    InvalidInput : there is no such mutant (any more).
    """
    if is_setting(mutant.module, mutant.function):
        owner, _, name = mutant.function.rpartition(".")
        kind = getattr(importlib.import_module(mutant.module), owner)
        setattr(kind, name, ast.literal_eval(mutant.change.rpartition(" -> ")[2]))
        try:
            yield
        finally:
            setattr(kind, name, _settings(mutant.module)[mutant.function])
        return
    function = function_of(mutant.module, mutant.function)
    code, sound = _built(mutant), function.__code__
    function.__code__ = code
    try:
        yield
    finally:
        function.__code__ = sound
