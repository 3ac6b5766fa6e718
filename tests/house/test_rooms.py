"""The rooms: what may import what, no circle, and no engine that names a row."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import trompe
from trompe.theory import ROWS

pytestmark = pytest.mark.once

HOUSE = Path(trompe.__file__).parent
MODULES = {
    ".".join(("trompe", *path.relative_to(HOUSE).with_suffix("").parts)).removesuffix(
        ".__init__"
    ): path
    for path in sorted(HOUSE.rglob("*.py"))
}
MAY_USE = {
    "ground": (),
    "theory": ("ground",),
    "constructions": ("ground", "theory"),
    "proofs": ("ground", "theory", "constructions"),
    "empirical": ("ground", "theory", "constructions", "proofs"),
    "front": ("ground", "theory", "constructions", "proofs", "empirical"),
}
"""The rooms that each room may import from, besides itself."""


def room_of(module: str) -> str:
    name = module.split(".")[1] if "." in module else ""
    return name if name in MAY_USE else "front"


def imports(tree: ast.AST, *, at_load: bool) -> set[str]:
    """The modules of ours that are imported; `at_load` leaves out those in functions and for types alone."""
    found = set()
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if at_load and (
            isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
        ):
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else node.module for name in inner}
        waiting.extend(ast.iter_child_nodes(node))
    return {name for name in found if name in MODULES}


def upward(sources: dict[str, str]) -> list[str]:
    """Imports from a room that may not be used, also those inside functions."""
    return [
        f"{module} imports {other}"
        for module, text in sources.items()
        for other in sorted(imports(ast.parse(text), at_load=False))
        if room_of(other) not in (room_of(module), *MAY_USE[room_of(module)])
    ]


def circles(sources: dict[str, str]) -> list[str]:
    """Modules that come back to themselves along what is imported when they are loaded."""
    uses = {module: imports(ast.parse(text), at_load=True) for module, text in sources.items()}
    found = []
    for module in uses:
        reached, waiting = set(), list(uses[module])
        while waiting:
            at = waiting.pop()
            if at not in reached:
                reached.add(at)
                waiting.extend(uses.get(at, ()))
        if module in reached:
            found.append(module)
    return found


def named_rows(text: str) -> list[str]:
    """Comparisons with a row's key, and cases of a match."""

    def keys(node: ast.AST) -> set[str]:
        return {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and n.value in ROWS}

    found = []
    for node in ast.walk(ast.parse(text)):
        parts = []
        if isinstance(node, ast.Compare):
            parts = [node.left, *node.comparators]
            is_member = isinstance(node.ops[0], (ast.In, ast.NotIn))
            if is_member and getattr(node.left, "value", "") == "constant":
                parts = []  # is the Lipschitz constant among the parameters that are given?
        if isinstance(node, ast.match_case):
            parts = [node.pattern]
        literal = (ast.Constant, ast.Tuple, ast.List, ast.Set, ast.pattern)
        if any(keys(part) for part in parts if isinstance(part, literal)):
            found.append(f"line {node.lineno if hasattr(node, 'lineno') else parts[0].lineno}")
    return found


SOURCES = {module: path.read_text(encoding="utf-8") for module, path in MODULES.items()}


def test_the_rooms_are_there():
    assert {room_of(module) for module in MODULES} >= {
        "ground",
        "theory",
        "constructions",
        "proofs",
    }
    assert len(MODULES) > 100


def test_no_import_runs_up():
    assert upward(SOURCES) == []


def test_no_circle_of_imports():
    assert circles(SOURCES) == []


def test_no_engine_compares_with_a_rows_key():
    found = {
        module: lines
        for module, text in SOURCES.items()
        if ".rows." not in module and (lines := named_rows(text))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("check", "sources"),
    [
        (upward, {"trompe.theory.tasks": "def f():\n    from trompe.proofs import verify\n"}),
        (upward, {"trompe.ground.errors": "import trompe.theory\n"}),
        (
            circles,
            {
                "trompe.theory.tasks": "from trompe.theory import exact\n",
                "trompe.theory.exact": "import trompe.theory.tasks\n",
            },
        ),
    ],
)
def test_a_planted_import_is_seen(check, sources):
    assert check(sources)


@pytest.mark.parametrize(
    "text",
    [
        'if row == "convex":\n    pass\n',
        'x = key in ("affine", "neuron")\n',
        'x = "erm" != key\n',
        'x = "convex" in rows\n',
        'x = row in ("constant",)\n',
        'match key:\n    case "constant" | "erm":\n        pass\n',
    ],
)
def test_a_planted_comparison_is_seen(text):
    assert named_rows(text)
    assert not named_rows(
        text.replace("convex", "c")
        .replace("affine", "a")
        .replace("neuron", "n")
        .replace("erm", "e")
        .replace("constant", "c")
    )


def test_tests_of_the_empirical_room_say_why_they_are_skipped_without_torch():
    """Those of the oldest packages run without it. A test of that file alone needs nothing of it."""
    room = Path(__file__).parents[1] / "empirical"
    skips = re.compile(r"importorskip\(\s*[\"']torch[\"']")
    bare = [p.name for p in room.rglob("test_*.py") if not skips.search(p.read_text("utf-8"))]
    assert bare == ["test_progress.py"]  # about a bar, which the core draws too
