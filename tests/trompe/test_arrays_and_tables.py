"""Arrays and tables of points: right whatever their layout, and refused in one line where they are none."""

from __future__ import annotations

import io
import json
import warnings

import numpy as np
import pytest

from trompe.cli import run

BOUND = ("bound", "--class", "convex", "--min", "0", "--max", "1", "--argmin", "0,0", "--argmax", "1,1")  # fmt: skip
ROWS = np.array([[0.5, 0.25], [0.75, 0.125], [0.125, 1]])


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("def f(v, x):\n    return 0\n")
    return tmp_path


def refused(capfd, *arguments):
    with warnings.catch_warnings(action="always"):
        status = run(arguments)
    out, err = capfd.readouterr()
    assert (status, out) == (2, "") and err.count("\n") == 1, (status, out, err)
    return err


def saved(array, version=None):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=version)
    return file.getvalue()


def header(shape, descr="'<f8'", body=b"", extra=""):
    said = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, {extra}}}\n".encode()
    return b"\x93NUMPY\x02\x00" + len(said).to_bytes(4, "little") + said + body


def archive():
    file = io.BytesIO()
    np.savez(file, x=ROWS)
    return file.getvalue()


GOOD = {
    "plain": saved(ROWS),
    "version 2": saved(ROWS, (2, 0)),
    "version 3": saved(ROWS, (3, 0)),
    "fortran": saved(np.asfortranarray(ROWS)),
    "big-endian": saved(ROWS.astype(">f8")),
    "float16": saved(ROWS.astype("f2")),
    "float32": saved(ROWS.astype("f4")),
}
BAD = {
    "empty": (b"", "no .npy file"),
    "cut header": (b"\x93NUMPY\x01\x00\xff\xff{", "no .npy file"),
    "a version to come": (b"\x93NUMPY\x09\x00\x10\x00" + bytes(200), "no .npy file"),
    "pickled": (saved(np.array([[None, 1]])), "holds objects"),
    "archive": (archive(), "no .npy file"),
    "boastful": (header((10**15, 2)), "cut short"),
    "overflows": (header((2**62, 2**62)), "no .npy file"),
    "negative": (header((-2, 2)), "no .npy file"),
    "twice negative": (header((-2, -1), body=bytes(16)), "no .npy file"),
    "objects": (b"\x93NUMPY\x01\x00\x02", "no .npy file"),
    "fields": (saved(np.zeros((2, 2), [("a", "f8")])), "holds [('a', '<f8')]"),
    "text": (saved(np.array([["0.5", "1"]])), "holds <U3"),
    "truth": (saved(np.array([[True, False]])), "holds bool"),
    "complex": (saved(np.array([[1j, 0]])), "holds complex128"),
    "long floats": (saved(np.array([[0.1, 0]], np.longdouble)), "at most 64 bits"),
    "8-bit image": (saved(np.array([[0, 255]], np.uint8)), "divide 8-bit images by 255"),
    "no rows": (saved(np.zeros((0, 2))), "holds no point"),
    "no columns": (saved(np.zeros((2, 0))), "shape (2, 0)"),
    "one axis": (saved(ROWS[0]), "expected (n, d)"),
    "three axes": (saved(ROWS[None]), "expected (n, d)"),
    "NaN": (saved(np.array([[0.5, np.nan]])), "nan"),
    "trailing": (saved(ROWS) + b"x", "more bytes than its header says"),
    "deep header": (header("(" * 4000 + ")" * 4000), "no .npy file"),
    "minus signs": (header("(" + "-" * 5000 + "1,)"), "no .npy file"),
    "odd escape": (header((2, 2), extra=r"'\d': 1"), "no .npy file"),
    "huge integer": (header("(" + "9" * 5000 + ",)"), "no .npy file"),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_every_layout_of_floats_gives_the_same_answers(capfd, folder, name):
    wanted = []
    (folder / "x.csv").write_text("\n".join(",".join(map(str, row)) for row in ROWS.tolist()))
    (folder / "x.npy").write_bytes(GOOD[name])
    for path in ("x.csv", "x.npy"):
        assert run([*BOUND, "--points", path, "--format", "json"]) == 0
        answers = json.loads(capfd.readouterr().out)["queries"]
        wanted.append([(float(eval_fraction(q["lower"])), float(eval_fraction(q["upper"]))) for q in answers])  # fmt: skip
    assert np.allclose(*wanted, atol=1e-6) and len(wanted[0]) == 3


def eval_fraction(value):
    from fractions import Fraction

    return Fraction(value)


@pytest.mark.parametrize("name", BAD)
def test_a_damaged_or_boastful_array_is_one_line(capfd, folder, name):
    content, words = BAD[name]
    (folder / "x.npy").write_bytes(content)
    assert words in refused(capfd, *BOUND, "--points", "x.npy")


def test_a_point_of_too_many_coordinates_is_refused_before_it_is_read(capfd, folder):
    for kind, size in (("<f8", 10**9), ("|u1", 10**10)):
        with (folder / "x.npy").open("wb") as file:
            file.write(header((size,), repr(kind)))
            file.truncate(file.tell() + size * int(kind[-1]))
        said = refused(capfd, *BOUND, "--query", "x.npy")
        assert f"{size} coordinates; expected at most" in said


def test_all_commands_take_the_same_points(capfd, folder):
    erm = ("--min", "0", "--max", "1", "--argmin", "0", "--argmax", "1", "--query", "1/2,1/4")
    for array, fault in (
        (np.array([0, 1]), ""),
        (np.array([0.5, 0.25], ">f4"), ""),
        (np.array([0.5, 0.25], np.longdouble), "x.npy holds"),
        (np.array([0, 255]), "x.npy holds"),
        (np.zeros((1, 2)), "shape (1, 2)"),
        (np.float64(0), "shape ()"),
    ):
        np.save(folder / "x.npy", array)
        for line in (
            (*BOUND, "--query", "x.npy"),
            ("witness", "black-box/exact", "--query", "x.npy"),
            ("refute", "mine.py:f", "--class", "black-box", "--task", "exact", "--query", "x.npy"),
            ("bound", "--class", "erm", *erm, "--data", "x.npy:1/2"),
            ("witness", "erm/exact", "--data", "x.npy:1/2"),
            ("refute", "mine.py:f", "--class", "erm", "--task", "exact", "--data", "x.npy:1/2"),
        ):
            if fault:
                assert fault in refused(capfd, *line)
            else:
                assert run(line) == 0, line
                capfd.readouterr()


def test_a_training_file_names_no_other_file(capfd, folder):
    np.save(folder / "x.npy", np.array([0.5, 0.25]))
    (folder / "d.txt").write_text("x.npy:1/2\n")
    assert "d.txt, line 1[0] = 'x.npy'" in refused(capfd, "witness", "erm/exact", "--data", "d.txt")


def test_a_point_of_another_length_is_refused_before_it_is_read(capfd, folder):
    np.save(folder / "x.npy", np.zeros(10**6))
    assert "1000000 coordinates; expected d = 2" in refused(capfd, *BOUND, "--query", "x.npy")
    said = refused(capfd, "witness", "convex/side", "--query", "x.npy")
    assert "--dim 1000000: a witness has at most" in said


def test_an_option_of_another_row_is_refused_in_the_same_words(capfd, folder):
    for line, what in (
        ((*BOUND, "--query", "0,1"), "convex"),
        (("witness", "convex/exact"), "convex/exact"),
        (("refute", "mine.py:f", "--class", "convex", "--task", "exact"), "convex"),
    ):
        for name, value, rows in (
            ("constant", "2", "lipschitz"),
            ("metric", "l1", "lipschitz"),
            ("data", "0,1/2:1", "erm"),
        ):
            said = refused(capfd, *line, f"--{name}", value)
            assert said == f"trompe: {what}: --{name} belongs to {rows}; leave it out\n"


TABLES = {
    "empty": (b"", "holds no point"),
    "blank": (b"\n \n", "holds no point"),
    "remark": (b"# nothing\n", "is not a number"),
    "zero byte": (b"0,\x001\n", "is not a number"),
    "huge field": (b"1" * 200_000 + b",0\n", "field larger than"),
    "open quote": (b'"0,1\n0,1\n', "is not a number"),
    "UTF-16": ("0,1\n".encode("utf-16"), "not UTF-8 text (byte 0)"),
    "underscore": (b"0,1_0\n", "is not a number"),
    "other digits": ("0,\u0661\n".encode(), "is not a number"),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_damaged_table_is_one_line(capfd, folder, name):
    content, words = TABLES[name]
    (folder / "x.csv").write_bytes(content)
    (folder / "d.txt").write_bytes(content.replace(b",", b":") if name == "underscore" else content)
    assert words in refused(capfd, *BOUND, "--points", "x.csv")
    assert "d.txt" in refused(capfd, "witness", "erm/exact", "--data", "d.txt")


@pytest.mark.parametrize("content", ["0,1/2\r1/4,1/3\r", "\ufeff0,1/2\n1/4,1/3\n", "0,1/2\r\n\r\n1/4,1/3"])  # fmt: skip
def test_lines_end_as_any_system_ends_them(capfd, folder, content):
    (folder / "x.csv").write_bytes(content.encode())
    assert run([*BOUND, "--points", "x.csv", "--format", "json"]) == 0
    assert len(json.loads(capfd.readouterr().out)["queries"]) == 2
    (folder / "d.txt").write_bytes(content.replace("1/2", "1/2:1/5").replace("1/3", "1/3:1/5").encode())  # fmt: skip
    assert run(["witness", "erm/exact", "--data", "d.txt"]) == 0
    assert "2 training points" in capfd.readouterr().out


def test_a_vertical_tab_ends_no_line(capfd, folder):
    (folder / "d.txt").write_text("1/2,0:1/3\x0b0,1/3:1/2")
    assert "is not a number" in refused(capfd, "witness", "erm/exact", "--data", "d.txt")
