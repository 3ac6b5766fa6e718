"""Generated values for every option of every command, and generated files: a result, or one line and status 2.

What an option declares decides what is generated for it. Where an accepted input would start long work (processes,
experiments, somebody's decoder), the work is cut off there. Files are made and written in a temporary folder only.
`TROMPE_EXAMPLES=50000` tries so many of each command.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import struct
import sys
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import get_type_hints

import numpy as np
import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from nodes import within

import trompe
from trompe.cli import app, run
from trompe.ground import processes
from trompe.ground.streams import LONGEST
from trompe.proofs import obligations, verify
from trompe.proofs.handover.witnesses import to_json
from trompe.proofs.mutation import running
from trompe.proofs.mutation.shown import write_example
from trompe.proofs.sampling import fuzzing
from trompe.proofs.sharp import table as sharp_table
from trompe.refuting import isolation

pytestmark = pytest.mark.once

EXAMPLES = int(os.environ.get("TROMPE_EXAMPLES", "600"))
LONG_AGO = 10**18
"""When the files were made, in nanoseconds."""
HANGS_AFTER = 30
"""Seconds of one call after which it hangs."""


class Reached(BaseException):
    """The input was read, and long work would begin."""


def commands(group, *names):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *names, name)
        else:
            yield (*names, name), command


COMMANDS = dict(commands(typer.main.get_command(app)))

# -- values ----------------------------------------------------------------------------------------------

WORDS = ["constant", "affine", "affine-1d", "monotone", "lipschitz", "convex", "piecewise-affine", "neural-network", "black-box", "erm", "neuron", "neuron-1d", "additive", "lipschitz-unknown", "approx", "exact", "side", "l1", "l2", "linf", "sigmoid", "tanh", "softplus", "leaky-relu", "text", "json", "csv", "latex", "markdown", "python", "bibtex", "z3", "cvc5", "auto", "cpu", "cuda", "sharp", "regions", "shares", "float", "spearman", "mine.py:f", "mine.py:g", "mine.py", "constant/exact", "convex/side", "lipschitz/approx", "erm/exact", "mix/gap", "monotone/query", "hats/disjoint/d2", "l1/triangle/d2", "hypotheses", "conclusions", "tampering", "shown-tampering", "digits", "silent-units"]  # fmt: skip
ODD = [
    "", " ", "-", "--", "-1", "0", "1", "2", "1.5", "1/2", "1/0", "0/0", "1e400", "-1e400", "1e-400", "nan", "inf", "-inf",
    "1_0", "\u0661", "0x10", "9" * 500, "1/" + "9" * 500, "1e999999999", "1e-999999999", "0.5,0.5", "1/2,", ",", ",,", "1,2,3",
    "1,-1", "0.5;0.5", "[0.5]", "True", "None", "\t", "\u2028", "\ud800", "a" * 5000, "..", ".", "*", "%", "{}", "\\", "'",
    "1/2,1/2:1/3", ":", "1:", ":1", "1:2:3", "1/2:1/3#", "#", "0:1", "mine.py:", ":f", "mine.py:f:g", "gone.py:f",
]  # fmt: skip

numbers = st.one_of(
    st.integers(-3, 12).map(str),
    st.integers().map(str),
    st.floats().map(repr),
    st.fractions().map(str),
    st.fractions(0, 1, max_denominator=8).map(str),
)
points = st.lists(st.fractions(0, 1, max_denominator=4).map(str), min_size=1, max_size=4).map(
    ",".join
)
texts = st.text(st.characters(exclude_characters="/\\\0"), max_size=12)
words = st.one_of(st.sampled_from(WORDS), st.sampled_from(ODD), texts, numbers, points)


def files(kinds: str):
    """Names of files of some formats; what they hold is in `FILES`."""
    names = [*FILES, *sorted({f"odd.{name.rpartition('.')[2]}" for name in FILES})]
    return st.sampled_from([name for name in names if name.rpartition(".")[2] in kinds.split()])


def values(param, kind):
    """What is generated for an option or argument, from its declaration and annotation."""
    if {"int", "float"} & {*re.findall(r"\w+", kind)}:
        largest = getattr(param, "max", None)  # older parsers keep it elsewhere
        ends = [] if largest is None else [str(largest), str(largest + 1), f"-{largest}"]
        return st.one_of(numbers, st.sampled_from([*ODD, *ends]))
    if "Path" in kind:
        return st.one_of(
            files("npy csv json idx gz txt py png folder"),
            st.sampled_from(
                ["", ".", "gone", "new.json", "new.png", "new.txt", "new", "-", "a" * 300]
            ),
            st.text(
                st.characters(exclude_characters="/\\\0", exclude_categories=["Cs"]), max_size=6
            ),
        )
    return st.one_of(words, files("npy csv txt py json"))


# -- files -----------------------------------------------------------------------------------------------


def npy(shape="(2, 2)", kind="<f8", data=b"\0" * 32, order="False", version=b"\x01\x00") -> bytes:
    head = f"{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}"
    head += " " * (-(len(head) + 11) % 64) + "\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(head)) + head.encode() + data


def witness() -> bytes:
    case = trompe.example("convex", 2)
    pair = trompe.triple(case.cls, case.v, case.x).pair_for("side")
    return to_json(trompe.witness_of(pair, "side")).encode()


def shown() -> bytes:
    """A shown-file of one unit, about arrays of FILES."""
    with tempfile.TemporaryDirectory() as folder:
        data = json.loads(write_example(Path(folder), (3,)).read_text())
    for end, name in (("minimum", "dark.npy"), ("maximum", "light.npy")):
        data["units"][0][end] |= {"point": name, "sha256": hashlib.sha256(FILES[name]).hexdigest()}
    return json.dumps(data).encode()


def zipped() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("x.npy", npy())
    return made.getvalue()


def pickled() -> bytes:
    made = io.BytesIO()
    np.save(made, np.array([{}, []], dtype=object), allow_pickle=True)
    return made.getvalue()


IDX = b"\0\0\x08\x03" + struct.pack(">3I", 2, 2, 2) + bytes(8)
FILES: dict[str, bytes] = {
    "good.npy": npy(),
    "point.npy": npy("(2,)", data=np.array([0.25, 0.5]).tobytes()),
    "whole.npy": npy("(2,)", "<i8", bytes(16)),
    "big-endian.npy": npy("(2,)", ">f8", bytes(16)),
    "boastful.npy": npy("(1000000000000, 8)"),
    "negative.npy": npy("(-2, 2)"),
    "huge.npy": npy("(9999999999, 9999999999, 9999999999)"),
    "flat.npy": npy("()", data=bytes(8)),
    "deep.npy": npy("(1, 1, 1, 2)", data=bytes(16)),
    "short.npy": npy(data=b"\0" * 7),
    "text.npy": npy("(2,)", "<U4", bytes(32)),
    "record.npy": npy("(2,)", "[('a', '<f8')]", bytes(16)),
    "unknown.npy": npy("(2,)", "<q9", bytes(16)),
    "broken.npy": b"\x93NUMPY\x01\x00\x10\x00not a dict at all",
    "version.npy": npy(version=b"\x09\x00"),
    "objects.npy": pickled(),
    "archive.npy": zipped(),
    "empty.npy": b"",
    "none.npy": npy("(0, 2)", data=b""),
    "nan.npy": npy("(2,)", data=np.array([np.nan, np.inf]).tobytes()),
    "dark.npy": npy("(1, 2, 2)", "<f4", np.array([0, 0.25, 0, 0], "<f4").tobytes()),
    "light.npy": npy("(1, 2, 2)", "<f4", np.array([1, 0.75, 1, 1], "<f4").tobytes()),
    "good.csv": b"1/2,1/2\n0.25,0\n",
    "names.csv": b"x,y\n0,1\n",
    "ragged.csv": b"0,1\n0\n",
    "quotes.csv": b'"0,1\n',
    "nul.csv": b"0,\0\n",
    "latin.csv": "é,1\n".encode("latin-1"),
    "wide.csv": "0,1\n".encode("utf-16"),
    "empty.csv": b"",
    "blank.csv": b"\n\n  \n",
    "long.csv": b"1" * 200_000 + b"\n",
    "data.txt": b"1/2,1/2:1/3\n0,0:1/4  # one\n",
    "labels.txt": b"1/2,1/2\n",
    "deep.json": b"[" * 100_000,
    "number.json": b"1" * 10_000,
    "list.json": b"[]",
    "null.json": b"null",
    "empty.json": b"",
    "text.json": b'{"format": "trompe-witness-1", "f": "NaN"}',
    "nan.json": b'{"format": NaN}',
    "twice.json": b'{"format": 1, "format": 2}',
    "surrogate.json": b'{"format": "\\ud800"}',
    "manifest.json": b'{"format": "trompe-certificates-1"}',
    "witness.json": witness(),
    "images.idx": IDX,
    "boastful.idx": b"\0\0\x08\x03" + struct.pack(">3I", 2**31, 2**31, 2**31),
    "images.gz": gzip.compress(IDX),
    "cut.gz": gzip.compress(IDX)[:-9],
    "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(20),
    "mine.py": b"def f(v, x):\n    return 0\n\ndef g(v, x):\n    raise ValueError('no')\n",
    "broken.py": b"def f(:\n",
    "stops.py": b"raise SystemExit(3)\n",
    "folder.folder": b"",
}
FILES["shown.json"] = shown()


def make_files(folder, damaged=()) -> None:
    """The files as they should be; those that a command has written over are written anew."""
    for name, content in [*FILES.items(), *damaged]:
        path = folder / name
        if name.endswith(".folder"):
            path.mkdir(exist_ok=True)
        elif not path.is_dir() and (not path.exists() or path.stat().st_mtime_ns != LONG_AGO):
            path.write_bytes(content)
            os.utime(path, ns=(LONG_AGO, LONG_AGO))


@st.composite
def damage(draw):
    """A file of `FILES`, some of its bytes replaced, left out or doubled, under a name of its own."""
    name = draw(st.sampled_from([n for n, content in FILES.items() if content]))
    content = FILES[name]
    at = draw(st.integers(0, min(len(content) - 1, 4000)))
    until = at + draw(st.integers(0, 8))
    new = draw(st.one_of(st.just(b""), st.just(2 * content[at:until]), st.binary(max_size=8)))
    return f"odd.{name.rpartition('.')[2]}", content[:at] + new + content[until:]


# -- calls -----------------------------------------------------------------------------------------------


@st.composite
def calls(draw, names):
    """A command with values for what it needs, and for some of what else it takes."""
    command = COMMANDS[names]
    kinds = {name: str(kind) for name, kind in get_type_hints(command.callback).items()}
    free = [p for p in command.params if not p.required and p.name in kinds]
    chosen = [p for p in command.params if p.required and draw(st.integers(0, 19))]
    chosen += draw(st.lists(st.sampled_from(free), max_size=3)) if free else []
    arguments = list(names)
    for param in chosen:
        if getattr(param, "is_flag", False):
            arguments.append(param.opts[0])
            continue
        is_good = param.name in GOOD and draw(st.integers(0, 9)) < 8
        value = draw(GOOD[param.name] if is_good else values(param, kinds[param.name]))
        is_option = param.param_type_name == "option"
        arguments += [param.opts[0], value] if is_option else [value]
    return arguments


# What reaches the rest of a command: without it, most calls would end at their first argument.
GOOD = {
    "key": st.sampled_from(("convex/side", "lipschitz/approx", "erm/exact", "affine-1d/side")),
    "row": st.sampled_from(("convex", "lipschitz", "constant", "erm", "affine-1d", "monotone")),
    "task": st.sampled_from(("exact", "approx", "side")),
    "constant": st.sampled_from(("2", "1/2")),
    "argmin": st.sampled_from(("0,0", "0", "point.npy")),
    "argmax": st.sampled_from(("1,1", "1")),
    "minimum": st.just("0"),
    "maximum": st.just("1"),
    "limits": st.sampled_from(("-1:2", "-1/4:1.25", "0:1")),
    "tolerance": st.sampled_from(("1/4", "0", "7")),
    "noise": st.sampled_from(("1/8", "0")),
    "query": st.sampled_from(("1/2,1/2", "1/2", "point.npy")),
    "points": st.sampled_from(("good.csv", "good.npy")),
    "decoder": st.just("mine.py:f"),
    "format": st.sampled_from(("text", "json")),
    "dim": st.sampled_from(("1", "2", "3")),
    "output": st.sampled_from(("new.json", "new.png")),
    "model": st.just("mine.py:f"),
    "images": st.just("folder.folder"),
    "path": st.sampled_from(("witness.json", "odd.json", "shown.json", "folder.folder")),
    "shown": st.sampled_from(("shown.json", "odd.json")),
    "unit": st.sampled_from(("3", "0")),
}


WORK = [
    (processes.Processes, "__init__"),
    (isolation.Isolated, "__init__"),
    (obligations.Scope, "__init__"),
    (sharp_table, "_numbers"),
    (running, "all_places"),
    (fuzzing, "run_batch"),
    (verify, "check_identity"),
    (Figure, "__init__"),
]
"""Where long work begins: processes, a decoder, sentences for solvers, a cell of the sharp table, mutants, a campaign, a figure."""


def reached(*_, **__):
    raise Reached


@pytest.fixture
def cut(monkeypatch, tmp_path):
    """A temporary folder with all files; long work is cut off where it begins."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"1/2,1/2\n")))
    for place, name in WORK:
        monkeypatch.setattr(place, name, reached)
    if find_spec("torch"):
        from trompe.empirical.arena import run as arena
        from trompe.empirical.experiments import runner

        monkeypatch.setattr(runner, "Context", reached)
        monkeypatch.setattr(arena, "_cells", reached)
    return tmp_path


def problem(status, said) -> str:
    """What is wrong with how a command ended; "" for nothing."""
    if status == 2:
        if not said.err.startswith("trompe: "):
            return "a refusal does not say who speaks"
        if said.err.count("\n") != 1 or len(said.err) > LONGEST + 20:
            return "a refusal is not one line"
        return ""
    return "" if status in (0, 1, 3, 4, 5) else f"status {status}"


@pytest.mark.parametrize("names", COMMANDS, ids=" ".join)
def test_every_value_has_a_result_or_one_line(cut, capsys, names):
    count = {"tried": 0}

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(calls(names), st.lists(damage(), max_size=1))
    def try_one(arguments, damaged):
        for old in cut.glob("odd.*"):
            if old.is_file():
                old.unlink()
        make_files(cut, damaged)
        count["tried"] += 1
        status = None
        with within(HANGS_AFTER):
            try:
                status = run(arguments)
            except Reached:
                capsys.readouterr()
                return
        said = capsys.readouterr()
        assert not problem(status, said), (problem(status, said), status, said.err)

    try_one()
    assert count["tried"] >= EXAMPLES


def test_so_many_are_tried():
    assert EXAMPLES * len(COMMANDS) >= 10_000


@pytest.mark.parametrize(
    ("status", "err"),
    [
        (2, "Traceback (most recent call last):\n"),
        (2, "trompe: a\nb\n"),
        (2, "trompe: " + "x" * 3000 + "\n"),
        (2, ""),
        (141, ""),
    ],
)
def test_a_bad_ending_is_noticed(status, err):
    assert problem(status, SimpleNamespace(err=err))
