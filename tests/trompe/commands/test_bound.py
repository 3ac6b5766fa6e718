"""`trompe bound` and `trompe budget` as a user meets them: output, files, exit status, one line for bad input."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from trompe.cli import run

LIPSCHITZ = ("--class", "lipschitz", "--constant", "2", "--metric", "l1")
SHOWN = ("--argmin", "0,0", "--argmax", "1,1", "--min", "0", "--max", "1")
BOUND = ("bound", *LIPSCHITZ, *SHOWN)
BUDGET = ("budget", "--constant", "10", "--range", "1", "--dim", "2", "--metric", "l2")


@pytest.fixture
def call(capsys):
    def one(*arguments: str) -> tuple[int, str, str]:
        status = run([str(a) for a in arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return one


NEAR = ("bound", "--class", "affine", *SHOWN, "--query", "1/4,1/2")


def test_what_was_promised_is_in_the_files_and_is_not_the_error_of_floats(call):
    for asked, lo, hi, noise, tau in (
        (["--tolerance", "1/8", "--noise", "1/16"], "-3/16", "19/16", "1/16", "1/8"),
        (["--range", "-1:2"], "-1", "2", "0", None),
    ):
        data = json.loads(call(*NEAR, *asked, "--format", "json")[1])
        assert (data["limits"], data["noise"], data["tau"]) == ([lo, hi], noise, tau)
        assert data["queries"][0]["tolerance"] == "0"
        (row,) = csv.DictReader(io.StringIO(call(*NEAR, *asked, "--format", "csv")[1]))
        assert [row[name] for name in ("lo", "hi", "noise", "tau", "tolerance")] == [
            lo,
            hi,
            noise,
            tau or "",
            "0",
        ]
    assert {"limits", "noise", "tau"}.isdisjoint(json.loads(call(*NEAR, "--format", "json")[1]))
    assert call(*NEAR, "--format", "csv")[1].startswith(
        "query,lower,upper,prediction,radius,tolerance,exact,approx,side,side_answer\n"
    )


@pytest.mark.parametrize(
    ("row", "article"),
    [("affine", "an affine"), ("additive", "an additive"), ("convex", "a convex")],
)
def test_a_member_has_its_article(call, row, article):
    out = call("bound", "--class", row, *SHOWN, "--query", "1/8,7/8")[1]
    assert f"Assumed and shown: {article} function" in out and " a affine" not in out
    flat = " ".join(out.split())
    assert f"there is {article} function" in flat
    assert f"there are two units, each {article} function" in flat


def test_one_query_as_in_the_issue(call):
    status, out, err = call(
        "bound", "--class", "lipschitz", "--constant", "2", "--metric", "l2", *SHOWN,
        "--query", "0.3,0.4", "--exemplar", "0.5,0.5:0.7",
    )  # fmt: skip
    assert (status, err) == (0, "")
    assert "from 7/10 - sqrt(5)/5 (about 0.252786) to 1" in out
    assert "approx (eps = 1/4): no" in out and "side: no" in out
    assert "the shown value at 1 exemplar" in out
    assert max(map(len, out.splitlines())) <= 100


@pytest.mark.parametrize("format", ["text", "json", "csv"])
def test_long_numbers_are_written_short_in_text_and_in_full_elsewhere(call, format):  # noqa: A002
    status, out, err = call(
        "bound", "--class", "convex", "--argmin", "0,0", "--argmax", "1,1", "--min", "0",
        "--max", "1e900", "--query", "1/3,1/7", "--format", format,
    )  # fmt: skip
    assert (status, err) == (0, "")
    assert ("to about 3.33333333333E+899" in out) == (format == "text")
    assert (f"{10**900}/3" in out) == (format != "text")


def test_decidable_tasks_name_their_answer(call):
    status, out, _ = call(*BOUND, "--query", "1/8,1/16", "--eps", "1/5")
    assert status == 0
    assert "approx (eps = 1/5): yes, 3/16" in out and "side: yes, min" in out
    assert "is at most the midrange 1/2" in " ".join(out.split())


def test_many_queries_text_csv_json_agree(call, tmp_path):
    points = tmp_path / "points.csv"
    points.write_text("\ufeff0.1,1/5\n\n1/3, 1/4\n1,1\n", encoding="utf-8")
    status, text, _ = call(*BOUND, "--points", points)
    assert status == 0 and "yes at: exact 1, approx 1, side 1, of 3 queries" in " ".join(
        text.split()
    )
    rows = list(csv.DictReader(io.StringIO(call(*BOUND, "--points", points, "--format", "csv")[1])))
    data = json.loads(call(*BOUND, "--points", points, "--format", "json")[1])
    assert [row["upper"] for row in rows] == ["3/5", "1", "1"]
    assert [q["upper"] for q in data["queries"]] == ["3/5", "1", "1"]
    assert rows[2] == {
        "query": "2", "lower": "1", "upper": "1", "prediction": "1", "radius": "0", "tolerance": "0",
        "exact": "yes", "approx": "yes", "side": "yes", "side_answer": "max",
    }  # fmt: skip
    assert data["queries"][2]["tasks"]["side"]["answer"] == "max"
    assert data["units"] == "every function that is 2-Lipschitz in l1, with this visualization"
    assert (data["class"], data["dim"], data["eps"], data["exemplars"]) == (
        "lipschitz",
        2,
        "1/4",
        0,
    )


def test_float_points_from_a_file(call, tmp_path):
    np.save(tmp_path / "x.npy", np.array([[0.125, 0.125], [0.125, 0.0625]]))
    status, out, _ = call(*BOUND, "--points", tmp_path / "x.npy", "--format", "json")
    queries = json.loads(out)["queries"]
    assert status == 0
    assert [q["tasks"]["side"]["decidable"] for q in queries] == [None, True]
    assert queries[1]["upper"] == 0.375 and 0 < queries[1]["tolerance"] < 1e-12
    _, text, _ = call(*BOUND, "--points", tmp_path / "x.npy")
    assert "1 undecided by floating point; give exact numbers there" in " ".join(text.split())


def test_points_as_files_and_one_number_for_all_coordinates(call, tmp_path):
    for name, point in (("a", [0.0] * 4), ("b", [1.0] * 4), ("p", [0.5] * 4)):
        np.save(tmp_path / f"{name}.npy", np.array(point))
    shown = ("--min", "0", "--max", "1", "--query", "1/2,1,1/2,1")
    by_file = call(
        "bound", "--class", "monotone", "--argmin", tmp_path / "a.npy", "--argmax", tmp_path / "b.npy",
        "--exemplar", f"{tmp_path / 'p.npy'}:1/3", *shown,
    )  # fmt: skip
    in_words = call(
        "bound", "--class", "monotone", "--argmin", "0", "--argmax", "1", "--exemplar", "1/2:1/3", *shown,
    )  # fmt: skip
    assert by_file == in_words and by_file[0] == 0
    assert "from 1/3 to 1" in by_file[1]


def test_class_options(call, tmp_path):
    square = (
        "--argmin",
        "0",
        "--argmax",
        "1",
        "--min",
        "1/10",
        "--max",
        "9/10",
        "--query",
        "1/2,1/4",
    )
    assert "from 1/4 to 1/2" in call("bound", "--class", "neuron", "--link", "sigmoid", *square)[1]
    erm = call("bound", "--class", "erm", "--data", "1/2,1/4:1/3", *square)
    assert "exact: yes, 1/3" in erm[1]
    file = tmp_path / "data.txt"
    file.write_text("# a point a line\n1/2,1/4:1/3\n")
    assert call("bound", "--class", "erm", "--data", file, *square) == erm


def test_shown_points_that_need_not_be_extremes(call):
    near = (*LIPSCHITZ, "--argmin", "0,1/4", "--argmax", "1,1/2", "--min", "0", "--max", "1")
    asked = (*near, "--noise", "1/10", "--exemplar", "1/2,0:1.05", "--query", "0,1")
    status, out, err = call("bound", *asked, "--tolerance", "1/4")
    flat = " ".join(out.split())
    assert (status, err) == (0, "")
    assert flat.startswith(
        "Assumed and shown: a function that is 2-Lipschitz in l1, with values within 1/10 of 0 at (0, 1/4), of 1 at (1, "
        "1/2), and of the shown value at 1 exemplar, and between -7/20 and 27/20 everywhere Query:"
    )
    assert "Interval: from -7/20 to 27/20" in flat
    assert "17/20 R0, that worst error; R0 = 1 is the difference of the values shown" in flat
    assert "(M - m)" not in out and max(map(len, out.splitlines())) <= 100
    same = call("bound", *asked, "--range", "-0.35:1.35")
    assert same == (status, out, err)
    data = json.loads(
        call("bound", *asked, "--tolerance", "1/4", "--eps", "1", "--format", "json")[1]
    )
    assert (data["limits"], data["noise"], data["sharp"]) == (["-7/20", "27/20"], "1/10", True)
    assert data["units"].startswith("every function that is 2-Lipschitz in l1, with values within")
    assert data["queries"][0]["tasks"]["approx"]["decidable"] is True
    table = call("bound", *asked, "--query", "0,0", "--tolerance", "1/4", "--format", "text")[1]
    assert "of 2 queries" in table and "(M - m)" not in table


def test_without_limits_nothing_of_them_is_said(call):
    data = json.loads(call(*BOUND, "--query", "0,0", "--format", "json")[1])
    assert {"limits", "noise", "sharp"} & data.keys() == set()


def test_a_radius_beside_equal_values(call):
    constant = (
        "bound",
        "--class",
        "constant",
        "--argmin",
        "0,0",
        "--argmax",
        "1,1",
        "--min",
        "1",
        "--max",
        "1",
    )
    asked = (*constant, "--tolerance", "0", "--noise", "1/4", "--query", "0,1")
    text = " ".join(call(*asked)[1].split())
    assert "Radius: 1/4, that worst error; the values shown at the two points are equal" in text
    data = json.loads(call(*asked, "--format", "json")[1])
    assert data["queries"][0]["radius"] is None
    assert (
        call(*asked, "--format", "csv")[1].splitlines()[1].startswith("0,3/4,5/4,1,inf,0,no,no,no")
    )


def test_output_files(call, tmp_path):
    out = tmp_path / "found.json"
    assert call(*BOUND, "--query", "0,0", "--format", "json", "--output", out) == (0, "", "")
    kept = out.read_text()
    assert json.loads(kept)["queries"][0]["lower"] == "0"
    assert call(*BOUND, "--query", "0,2", "--format", "json", "--output", out)[0] == 2
    assert out.read_text() == kept


def test_budget(call):
    status, out, err = call(*BUDGET)
    assert (status, err) == (0, "")
    assert out.startswith("Exemplars besides the two extremes: at least 126\n")
    assert "every choice of exemplars" in " ".join(out.split())
    data = json.loads(call(*BUDGET, "--task", "eps", "--eps", "1/10", "--format", "json")[1])
    assert (data["task"], data["at_least"]) == ("eps", 3112)
    big = json.loads(
        call(
            "budget",
            "--constant",
            "1",
            "--range",
            "1",
            "--dim",
            "150528",
            "--metric",
            "l2",
            "--format",
            "json",
        )[1]
    )
    assert (big["at_least"], big["log10_at_least"]) == (None, 342243.5188)
    assert (
        "at least 10^342243.5188"
        in call("budget", "--constant", "1", "--range", "1", "--dim", "150528", "--metric", "l2")[1]
    )
    none = json.loads(
        call("budget", "--constant", "1", "--range", "1", "--dim", "1", "--format", "json")[1]
    )
    assert (none["at_least"], none["log10_at_least"]) == (0, None)
    large = json.loads(
        call(
            "budget",
            "--constant",
            "4",
            "--range",
            "1",
            "--dim",
            "40",
            "--metric",
            "linf",
            "--format",
            "json",
        )[1]
    )
    assert large["at_least"] == str(4**40 - 2)


BAD = {
    "no query": ((*BOUND,), "give the points to ask about"),
    "two kinds of queries": ((*BOUND, "--query", "0,0", "--points", "x.csv"), "give the points to ask about"),
    "outside": ((*BOUND, "--query", "1,2"), "lies outside [0, 1]^2"),
    "no number": ((*BOUND, "--query", "a,0"), "--query[0] = 'a' is not a number"),
    "nan": ((*BOUND, "--query", "nan,0"), "'nan' is not a number"),
    "length": ((*BOUND, "--query", "0,0,0"), "has 3 coordinates; expected d = 2"),
    "no value": ((*BOUND, "--query", "0,0", "--exemplar", "0,1"), "expected POINT:VALUE"),
    "bad value": ((*BOUND, "--query", "0,0", "--exemplar", "0,1:x"), "value = 'x' is not a number"),
    "steep": ((*BOUND, "--query", "0,0", "--exemplar", "0,1/8:1/2"), "the least L for which some member takes all shown values is 4"),
    "format": ((*BOUND, "--query", "0,0", "--format", "xml"), "unknown format 'xml'"),
    "eps": ((*BOUND, "--query", "0,0", "--eps", "1"), "eps = 1 lies outside (0, 1/2)"),
    "folder": ((*BOUND, "--query", "0,0", "--output", "none/x"), "there is no folder none"),
    "not its option": ((*BOUND, "--query", "0,0", "--link", "tanh"), "--link belongs to neuron and neuron-1d"),
    "no constant": (("bound", "--class", "lipschitz", *SHOWN, "--query", "0,0"), "add --constant L"),
    "row": (("bound", "--class", "convexx", *SHOWN, "--query", "0,0"), "did you mean convex"),
    "metric": (("bound", "--class", "lipschitz", "--constant", "2", "--metric", "l3", *SHOWN, "--query", "0,0"), "unknown metric 'l3'"),
    "missing option": (("bound", "--class", "convex", "--query", "0,0"), "is missing; give --argmin"),
    "suffix": ((*BOUND, "--points", "x.txt"), "expected a .csv or a .npy file"),
    "no csv": ((*BOUND, "--points", "none.csv"), "it is not there"),
    "no npy": ((*BOUND, "--points", "none.npy"), "it is not there"),
    "no range": ((*BOUND, "--query", "0,0", "--range", "1"), "--range '1': expected LO:HI, such as -1/4:1.25"),
    "range of words": ((*BOUND, "--query", "0,0", "--range", "a:1"), "--range: LO = 'a' is not a number"),
    "range the wrong way": ((*BOUND, "--query", "0,0", "--range", "2:1"), "lo = 2 exceeds hi = 1"),
    "range too small": ((*BOUND, "--query", "0,0", "--range", "0:1/2"), "widen the range by at least 1/2 on that side"),
    "noise alone": ((*BOUND, "--query", "0,0", "--noise", "1/8"), "add --range LO:HI"),
    "range and tolerance": ((*BOUND, "--query", "0,0", "--range", "0:1", "--tolerance", "0"), "leave one out"),
    "tolerance below 0": ((*BOUND, "--query", "0,0", "--tolerance", "-1"), "tolerance = -1; expected a number of at least 0"),
    "noise nan": ((*BOUND, "--query", "0,0", "--tolerance", "1", "--noise", "nan"), "noise = 'nan' is not a number"),
    "eps 0": ((*BOUND, "--query", "0,0", "--tolerance", "1", "--eps", "0"), "eps = 0; expected a number above 0"),
    "steep within limits": ((*BOUND, "--query", "0,0", "--tolerance", "1", "--exemplar", "0,1/8:1/2"), "takes all shown values is 4"),
    "budget L": (("budget", "--constant", "0", "--range", "1", "--dim", "2"), "expected a positive number"),
    "budget dim": (("budget", "--constant", "1", "--range", "1", "--dim", "0"), "dim = 0"),
    "budget reach": (("budget", "--constant", "1", "--range", "3", "--dim", "2"), "L must be at least 3/2"),
    "budget eps": ((*BUDGET, "--eps", "1/10"), "--eps belongs to --task eps"),
    "budget task": ((*BUDGET, "--task", "exact"), "unknown task 'exact'"),
    "budget format": ((*BUDGET, "--format", "csv"), "unknown format 'csv'"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_status_2(call, case):
    arguments, words = BAD[case]
    status, out, err = call(*arguments)
    assert (status, out) == (2, "")
    assert words in err and err.count("\n") == 1 and err.startswith("trompe: ")


def _damaged(folder, kind):
    path = folder / ("x.csv" if kind.startswith("csv") else "x.npy")
    good = np.random.default_rng(0).random((3, 2))
    np.save(folder / "good.npy", good)
    whole = (folder / "good.npy").read_bytes()
    contents = {
        "cut": whole[:-8], "cut header": whole[:20], "empty": b"", "junk": b"hello",
        "csv header": b"x,y\n0,0\n", "csv ragged": b"0,0\n0\n", "csv names": b"\n x1,_y\n0,0\n",
        "csv long": b"1e5000,1e5000\n", "csv nan": b"nan,-Inf\n", "csv typing error": b"0.1.2,0..3\n", "csv empty": b"\n", "csv binary": whole[:16] + b"\xff\xfe",
    }  # fmt: skip
    arrays = {
        "objects": np.array([[{}, 1]], dtype=object), "bytes": np.full((2, 2), 255, np.uint8), "flat": np.zeros(2),
        "nan": np.array([[0.5, 0.5], [0.5, np.nan]]), "three": np.zeros((2, 3)),
    }  # fmt: skip
    if kind in contents:
        path.write_bytes(contents[kind])
    elif kind == "folder":
        path.mkdir()
    else:
        np.save(path, arrays[kind], allow_pickle=True)
    return path


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("cut", "is cut short"), ("cut header", "is cut short"), ("empty", "is cut short"), ("junk", "it is no .npy file"),
        ("objects", "holds objects"), ("bytes", "divide 8-bit images by 255"), ("flat", "expected (n, d)"),
        ("nan", "queries[1, 1] = nan lies outside"), ("three", "expected (2,) or (n, 2)"), ("folder", "no regular file but a folder"),
        ("csv header", "line 1 has no number but 'x'; leave a line of names out"), ("csv ragged", "line 2 has 1 numbers"),
        ("csv names", "line 2 has no number but 'x1'; leave a line of names out"),
        ("csv long", "line 1, column 1 = 1e5000 has more than 1000 digits"), ("csv nan", "column 1 = 'nan' is not a number"),
        ("csv typing error", "line 1, column 1 = '0.1.2' is not a number"),
        ("csv empty", "holds no point"), ("csv binary", "expected a text file"),
    ],
)  # fmt: skip
def test_damaged_files_are_one_line_and_status_2(call, tmp_path, kind, words):
    status, out, err = call(*BOUND, "--points", _damaged(tmp_path, kind))
    assert (status, out) == (2, "")
    assert words in err and err.count("\n") == 1 and "allow_pickle" not in err


def test_long_fractions_do_not_stop_the_output(call):
    """Python writes no integer of more than 4300 digits."""
    primes = [n for n in range(3, 12000) if all(n % k for k in range(2, int(n**0.5) + 1))]
    query = ",".join(f"1/{p}" for p in primes)
    shown = ("--argmin", "0", "--argmax", "1", "--min", "0", "--max", "1")
    for kind in ("text", "csv", "json"):
        status, out, err = call(
            "bound",
            "--class",
            "lipschitz",
            "--constant",
            "1/4",
            *shown,
            "--query",
            query,
            "--format",
            kind,
        )
        assert (status, err) == (0, "") and out
