"""Names: one public class a name, no function that hides the module beside it, no use of another's `_name`."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections import defaultdict
from pathlib import Path
from types import ModuleType

import pytest

import trompe

pytestmark = pytest.mark.once

HOUSE = Path(trompe.__file__).parent
SOURCES = {str(path.relative_to(HOUSE)): path.read_text() for path in HOUSE.rglob("*.py")}


def of_one_name(sources: dict[str, str]) -> list[str]:
    """Public classes that share a name with another one."""
    found = defaultdict(list)
    for module, text in sources.items():
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(module)
    return [f"{name}: {', '.join(at)}" for name, at in found.items() if len(at) > 1]


def hidden(package: ModuleType) -> list[str]:
    """Modules of a package in whose place it holds something else, such as a function of their name."""
    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    values = {name: getattr(package, name, None) for name in names}
    return [
        f"{package.__name__}.{name} is a {type(value).__name__}"
        for name, value in values.items()
        if value is not None and not isinstance(value, ModuleType)
    ]


def test_every_public_class_has_a_name_of_its_own():
    assert of_one_name(SOURCES) == []


def test_two_classes_of_one_name_are_noticed():
    sources = {"a": "class Report: ...", "b": "class Report: ...\nclass _Line: ...", "c": ""}
    assert of_one_name(sources) == ["Report: a, b"]


PACKAGES = [m.name for m in pkgutil.walk_packages(trompe.__path__, "trompe.") if m.ispkg]


@pytest.mark.parametrize("name", ["trompe", *PACKAGES])
def test_no_module_is_hidden_by_a_name_beside_it(name):
    if name.startswith("trompe.empirical"):
        pytest.importorskip("torch")
    assert hidden(importlib.import_module(name)) == []


def test_a_function_in_the_place_of_a_module_is_noticed(monkeypatch):
    import trompe.theory

    monkeypatch.setattr(trompe.theory, "catalogue", len)
    assert hidden(trompe.theory) == ["trompe.theory.catalogue is a builtin_function_or_method"]


def others_private(sources: dict[str, str]) -> list[str]:
    """Names with a leading underscore that a module takes from another one (`_torch` is a module)."""
    return [
        f"{module} takes {alias.name} from {node.module}"
        for module, text in sources.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("trompe")
        for alias in node.names
        if alias.name.startswith("_") and not alias.name.startswith("__")
    ]


def test_what_begins_with_an_underscore_stays_in_its_module():
    assert others_private(SOURCES) == []
    planted = {"a.py": "def f():\n    from trompe.theory.exact import _hidden, shown\n"}
    assert others_private(planted) == ["a.py takes _hidden from trompe.theory.exact"]
