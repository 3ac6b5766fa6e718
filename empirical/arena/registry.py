"""What is registered is run: attacks, methods and checks, ours and those of files that somebody adds."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Generic, ParamSpec, Protocol, TypeVar

from trompe.empirical.networks.loading import run_file
from trompe.ground.errors import TrompeError, known, one_line, spelled
from trompe.ground.reading import Unreadable, read_file
from trompe.theory import InvalidInput

GROUP = "trompe.arena"
"""The group of entry points, each of which names a module that registers something."""
EXPECTED = "expected a Python file that registers attacks, methods or checks"
LARGEST = 2**20


class Entry(Protocol):
    """What has a key."""

    @property
    def key(self) -> str: ...


E = TypeVar("E", bound=Entry)
P = ParamSpec("P")
R = TypeVar("R")


class Registry(Generic[E]):
    """Entries by their keys, in the order in which they were added."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, E] = {}

    def add(self, entry: E) -> None:
        """Enter it.

        Raises
        ------
        InvalidInput : there is one of this key already, or the key is no word of small letters, digits and hyphens.
        """
        if not isinstance(entry.key, str) or not re.fullmatch(r"[a-z][a-z0-9-]*", entry.key):
            raise InvalidInput(
                f"{self.kind} {spelled(entry.key)}: expected a key of small letters, digits and hyphens"
            )
        if entry.key in self._entries:
            raise InvalidInput(
                f"{self.kind} {entry.key!r}: there is one already; choose another key"
            )
        self._entries[entry.key] = entry

    def __getitem__(self, key: str) -> E:
        return known(self.kind, key, self._entries)

    def __iter__(self) -> Iterator[E]:
        return iter(list(self._entries.values()))

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys."""
        return tuple(self._entries)

    @contextmanager
    def restored(self) -> Iterator[None]:
        """What is added inside is gone on exit."""
        before = dict(self._entries)
        try:
            yield
        finally:
            self._entries = before


def sha256_of(plugins: Sequence[Path]) -> list[str]:
    """The hashes of these files.

    Raises
    ------
    InvalidInput : one cannot be read.
    """
    found = []
    for path in plugins:
        try:
            found.append(hashlib.sha256(read_file(path, LARGEST)).hexdigest())
        except Unreadable as error:
            raise InvalidInput(f"plugin {path}: {error}; {EXPECTED}") from None
    return found


def ran(what: str, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What somebody's function returns.

    Raises
    ------
    InvalidInput : it fails; `what` names it.
    """
    try:
        return function(*args, **kwargs)
    except TrompeError:
        raise
    except Exception as error:
        raise InvalidInput(
            f"{what}: fails with {type(error).__name__}: {one_line(error)}"
        ) from error


@cache
def load_entry_points() -> None:
    """Import the modules of installed entry points, once; they register what they have.

    Raises
    ------
    InvalidInput : one fails.
    """
    for point in sorted(entry_points(group=GROUP), key=lambda p: p.name):
        try:
            point.load()
        except Exception as error:
            raise InvalidInput(
                f"entry point {point.name} of {GROUP}: {type(error).__name__}: {one_line(error)}"
            ) from error


@cache
def installed() -> tuple[str, ...]:
    """What entry points come from: name, value, distribution, version and a hash of the package's Python files, one text each."""
    found = []
    for point in sorted(entry_points(group=GROUP), key=lambda p: p.name):
        spec = find_spec(point.module.partition(".")[0])
        places = list(spec.submodule_search_locations or ()) if spec else []
        files = [path for place in places for path in sorted(Path(place).rglob("*.py"))]
        if not files and spec and spec.origin:
            files = [Path(spec.origin)]
        digest = hashlib.sha256()
        for path in files:
            digest.update(f"{path.name}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        origin = f"{point.dist.name} {point.dist.version}" if point.dist else ""
        found.append(f"{point.name} = {point.value} ({origin}) {digest.hexdigest()}")
    return tuple(found)


def load_plugins(plugins: Sequence[Path]) -> None:
    """Run these files, which register what they have.

    Raises
    ------
    InvalidInput : one cannot be read, or fails.
    """
    sha256_of(plugins)
    for path in plugins:
        run_file(path, "plugin", EXPECTED)
