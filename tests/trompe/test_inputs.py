"""Every option that names an input: what is no file of a sensible size is one line at once; `-` is standard input."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
from nodes import ZERO, device, fifo, within

from trompe.cli import app, run

DECODER = "def middle(v, x):\n    return (v.minimum + v.maximum) / 2\n"
BOUND = ("bound", "--class", "convex", "--min", "0", "--max", "1")
SHOWN = ("--argmin", "0,0", "--argmax", "1,1")
ERM = ("bound", "--class", "erm", "--min", "0", "--max", "1", *SHOWN, "--query", "1/2,1/2")
CONVEX = ("--class", "convex", "--task", "exact")
INPUTS = {
    "bound --points": ((*BOUND, *SHOWN, "--points", "{}.csv"), "--points {}.csv: "),
    "bound --points npy": ((*BOUND, *SHOWN, "--points", "{}.npy"), "--points {}.npy: "),
    "bound --argmin": (
        (*BOUND, "--argmin", "{}.npy", "--argmax", "1,1", "--query", "0,1"),
        "--argmin {}.npy: ",
    ),
    "bound --data": ((*ERM, "--data", "{}"), "--data {}: "),
    "witness --data": (("witness", "erm/side", "--data", "{}"), "--data {}: "),
    "refute": (("refute", "{}.py:middle", *CONVEX), "decoder: {}.py: "),
    "refute --query": (("refute", "decoder.py:middle", *CONVEX, "--query", "{}.npy"), "--query {}.npy: "),
    "refute --data": (
        ("refute", "decoder.py:middle", "--class", "erm", "--task", "exact", "--data", "{}"),
        "--data {}: ",
    ),
    "check": (("check", "{}.json"), "{}.json: "),
}  # fmt: skip
EMPIRICAL = {
    "audit --model": (("audit", "silent", "--model", "{}.py:build", "--images", "digits"), "model: {}.py: "),
    "reproduce --target": (("reproduce", "erm-witness", "--target", "{}.png"), "{}.png: "),
}  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "decoder.py").write_text(DECODER)
    return tmp_path


def one_line(capsys, *arguments: str) -> str:
    with within(60):
        status = run(arguments)
    said = capsys.readouterr()
    assert (status, said.out) == (2, ""), said
    assert said.err.count("\n") == 1 and said.err.startswith("trompe: ")
    return said.err


@pytest.mark.parametrize("name", [*INPUTS, *EMPIRICAL])
@pytest.mark.parametrize("kind", ["fifo", "folder", "device", "missing", "loop"])
def test_what_is_no_regular_file_does_not_block(name, kind, folder, capsys):
    arguments, begins = {**INPUTS, **EMPIRICAL}[name]
    if name in EMPIRICAL:
        pytest.importorskip("torch")
    suffix = next(part for part in begins.split() if part.startswith("{}"))[2:].rstrip(":")
    path, words = folder / f"x{suffix}", "it is not there"
    if kind == "fifo":
        fifo(path)
        words = "no regular file but a FIFO"
    elif kind == "folder":
        path.mkdir()
        words = "no regular file but a folder"
    elif kind == "device":
        device(path, ZERO)
        words = "no regular file but a character device"
    elif kind == "loop":
        path.symlink_to(path.name)
        words = "Too many levels of symbolic links"
    if name == "check" and kind == "folder":
        begins, words = "", "no certificate set"
    said = one_line(capsys, *(part.replace("{}", "x") for part in arguments))
    assert said.startswith("trompe: " + begins.replace("{}", "x")) and words in said


@pytest.mark.parametrize(
    "name",
    [name for name in INPUTS if name != "check" and "{}.npy" not in " ".join(INPUTS[name][0])],
)
def test_a_file_without_an_end_is_not_read(name, folder, capsys):
    arguments, begins = INPUTS[name]
    suffix = next(part for part in begins.split() if part.startswith("{}"))[2:].rstrip(":")
    with (folder / f"x{suffix}").open("wb") as file:
        file.truncate(2**40)
    said = one_line(capsys, *(part.replace("{}", "x") for part in arguments))
    assert "it is larger than " in said and said.startswith("trompe: " + begins.replace("{}", "x"))


def test_a_witness_without_an_end_is_not_read(folder, capsys):
    with (folder / "x.json").open("wb") as file:
        file.truncate(2**40)
    with within(60):
        assert run(["check", "x.json"]) == 1
    assert "REFUTED  the file is a witness file: it is larger than 8 MiB; nothing was read" in (
        capsys.readouterr().out
    )


def npy(shape: str, body: bytes = b"") -> bytes:
    head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode()
    head += b" " * (117 - len(head)) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + body


DAMAGED = {
    "empty": b"",
    "cut": npy("(2,)", b"\0" * 16)[:50],
    "short": npy("(2,)", b"\0" * 8),
    "huge": npy("(1000000000000,)"),
    "beyond": npy(f"({10**30},)"),
    "negative": npy("(-2,)"),
    "no shape": npy("2.5"),
    "text": b"1/2,1/2\n",
    "zip": b"PK\x03\x04" + b"\0" * 40,
    "pickle": b"\x80\x04N.",
}


@pytest.mark.parametrize("name", DAMAGED)
@pytest.mark.parametrize("of", ["bound --points npy", "bound --argmin", "refute --query"])
def test_an_array_that_ends_early_or_is_none_is_no_interrupt(name, of, folder, capsys):
    (folder / "x.npy").write_bytes(DAMAGED[name])
    arguments, begins = INPUTS[of]
    said = one_line(capsys, *(part.replace("{}", "x") for part in arguments))
    assert said.startswith("trompe: " + begins.replace("{}", "x").rstrip(": ")), said
    assert "interrupted" not in said


def test_arrays_are_mapped_and_not_read(folder, capsys, monkeypatch):
    """A file of a gigabyte whose first rows are asked for costs no gigabyte: it is a map of a regular file."""
    from trompe.commands.reading import array_file

    np.save(folder / "x.npy", np.full((3, 2), 0.5))
    (folder / "link.npy").symlink_to("x.npy")
    assert run([*BOUND, *SHOWN, "--points", "link.npy"]) == 0
    assert isinstance(array_file(folder / "link.npy", "--points", ("n", "d")), np.memmap)


# -- standard input ----------------------------------------------------------------------------------------


def typed(monkeypatch, text: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))


def test_a_dash_is_standard_input(folder, capsys, monkeypatch):
    (folder / "x.csv").write_text("1/2,1/2\n0.1,1\n")
    assert run([*BOUND, *SHOWN, "--points", "x.csv", "--format", "json"]) == 0
    wanted = capsys.readouterr().out
    typed(monkeypatch, b"1/2,1/2\n0.1,1\n")
    assert run([*BOUND, *SHOWN, "--points", "-", "--format", "json"]) == 0
    assert capsys.readouterr().out == wanted
    for arguments in (
        (*ERM, "--data"),
        ("witness", "erm/side", "--data"),
        ("refute", "decoder.py:middle", "--class", "erm", "--task", "exact", "--data"),
    ):
        assert run([*arguments, "1/3,1/4:1/5"]) == 0
        wanted = capsys.readouterr().out
        typed(monkeypatch, b"# one point\n1/3,1/4:1/5\n")
        assert run([*arguments, "-"]) == 0
        assert capsys.readouterr().out == wanted
    assert run(["witness", "convex/side", "--format", "json"]) == 0
    typed(monkeypatch, capsys.readouterr().out.encode())
    assert run(["check", "-"]) == 0
    assert "a witness for convex/side" in capsys.readouterr().out


def test_standard_input_that_is_empty_closed_or_asked_for_twice(capsys, monkeypatch):
    typed(monkeypatch, b"")
    assert "--points - holds no point" in one_line(capsys, *BOUND, *SHOWN, "--points", "-")
    monkeypatch.setattr(sys, "stdin", None)
    for arguments in ((*BOUND, *SHOWN, "--points", "-"), (*ERM, "--data", "-"), ("check", "-")):
        assert "-: standard input is closed" in one_line(capsys, *arguments)
    typed(monkeypatch, b"1/2:1\n")
    erm = ("bound", "--class", "erm", "--min", "0", "--max", "1", *SHOWN)
    for arguments in (
        (*erm, "--points", "-", "--data", "-"),
        (*ERM, "--data", "-", "--data", "-"),
        ("witness", "erm/side", "--data", "-", "--data", "-"),
    ):
        assert "- is given twice" in one_line(capsys, *arguments)


def test_standard_input_without_an_end_is_given_up(capsys, monkeypatch):
    class Endless(io.RawIOBase):
        def readable(self):
            return True

        def readinto(self, buffer):
            buffer[:] = b"1" * len(buffer)
            return len(buffer)

    for arguments in ((*ERM, "--data", "-"), (*BOUND, *SHOWN, "--points", "-")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Endless())))
        monkeypatch.setattr("trompe.commands.reading.MAX_POINTS_BYTES", 2**20)
        assert "-: it is larger than" in one_line(capsys, *arguments)


def test_the_help_says_where_a_dash_may_stand(capsys):
    for command in ("bound", "witness", "refute", "check"):
        assert run([command, "--help"]) == 0
        assert "standard input" in " ".join(capsys.readouterr().out.split()), command


# -- what ends early ---------------------------------------------------------------------------------------


def test_an_input_that_ends_early_or_code_that_exits_is_no_interrupt(capsys, monkeypatch):
    for error, words in (
        (EOFError("no more"), "an input ended early (no more)"),
        (EOFError(), "an input ended early"),
        (SystemExit(0), "code that was run here called exit (0)"),
        (SystemExit(130), "code that was run here called exit (130)"),
        (OSError(24, "Too many open files", "x"), "x: Too many open files"),
    ):

        def fails(*_, error=error, **__):
            raise error

        monkeypatch.setattr("trompe.proofs.handover.certificates.plan.plan", fails)
        assert words in one_line(capsys, "cite", "convex/side")
    assert app.info.name == "trompe"


# -- images ------------------------------------------------------------------------------------------------


def test_a_fifo_or_a_device_among_pictures_does_not_block(folder, capsys):
    pytest.importorskip("torch")
    image = pytest.importorskip("PIL.Image")
    (folder / "net.py").write_text(
        "import torch\ndef build():\n"
        "    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 2), torch.nn.ReLU()).eval()\n"
    )
    place = folder / "images" / "one"
    place.mkdir(parents=True)
    image.new("RGB", (2, 2)).save(place / "a.png")
    audit = ("audit", "silent", "--model", "net.py:build", "--device", "cpu", "--images", "images")
    for make, words in (
        (fifo, "but a FIFO"),
        (lambda path: device(path, ZERO), "but a character device"),
        (lambda path: path.mkdir(), "a folder inside of the class 'one'"),
    ):
        make(place / "b.png")
        said = one_line(capsys, *audit)
        assert "images/one/b.png: " in said and words in said
        reproduce = (
            "reproduce",
            "erm-witness",
            "--data",
            "images",
            "--output",
            "out",
            "--cache",
            "cache",
        )
        assert words in one_line(capsys, *reproduce)
        (place / "b.png").rename(folder / f"was {words}")
    fifo(folder / "f")
    for arguments in ((*audit[:-1], "f"), ("reproduce", "erm-witness", "--data", "f")):
        assert "'f' is no folder" in one_line(capsys, *arguments)
