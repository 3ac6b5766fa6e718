"""Solvers that do not load, or die: packages that stand before the true ones for another process."""

from __future__ import annotations

import os
from pathlib import Path

_TRUE = """
import importlib.machinery, importlib.util, os, signal, sys
elsewhere = [p for p in sys.path if os.path.realpath(p) != {folder!r}]
spec = importlib.machinery.PathFinder.find_spec({name!r}, elsewhere)
true = importlib.util.module_from_spec(spec)
sys.modules[{name!r}] = true
spec.loader.exec_module(true)

def look(text):
    if {text!r} in text:
        {dies}
"""
_HOOK = {
    "cvc5": """
class Parser(true.InputParser):
    def setStringInput(self, language, text, name):
        look(text)
        super().setStringInput(language, text, name)

true.InputParser = Parser
""",
    "z3": """
read = true.Solver.from_string

def from_string(self, text):
    look(text)
    read(self, text)

true.Solver.from_string = from_string
""",
}


def instead(folder: Path, name: str, source: str) -> dict[str, str]:
    """The environment of a process that finds a package `name` with this source."""
    package = folder.resolve() / name
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(source)
    return {**os.environ, "PYTHONPATH": str(folder.resolve())}


def deadly(folder: Path, name: str, text: str, dies: str) -> dict[str, str]:
    """The same with the true solver, whose process does `dies` at a script that holds the text."""
    true = _TRUE.format(folder=str(folder.resolve()), name=name, text=text, dies=dies)
    return instead(folder, name, true + _HOOK[name])
