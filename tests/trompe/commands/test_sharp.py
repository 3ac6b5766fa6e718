"""`trompe table --sharp` and `trompe plot sharp` as a user meets them."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from fractions import Fraction
from importlib.resources import files
from itertools import islice

import jsonschema
import numpy as np
import pytest
from scipy.integrate import quad

from trompe.cli import run
from trompe.proofs.rows import CHECKS
from trompe.proofs.sharp import cubes, random_queries
from trompe.proofs.sharp import table as checking
from trompe.proofs.sharp.table import sharp_table
from trompe.theory import Visualization, function_class
from trompe.theory.bounding import bound, bounds
from trompe.theory.catalogue import sharp_row, sharp_rows
from trompe.theory.rows import affine
from trompe.theory.shares.cones import ConeSetting
from trompe.theory.shares.quantities import Term, between, exact, powers, sampled
from trompe.views.sharp import FORMATS, show_number


def call(capsys, *arguments: str) -> tuple[int, str, str]:
    status = run(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def few_identities(patch, count):
    """Only so many of each row."""
    for checks in CHECKS.values():
        first = islice(checks.closed_forms(), count)
        patch.setattr(checks, "closed_forms", lambda first=tuple(first): iter(first))


@pytest.fixture(scope="module")
def table():
    """All rows with two eps; the Lipschitz row between closed forms, bounds and estimates."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checking, "EXACT_DIMS", (1,))
        patch.setattr(random_queries, "POINTS", 2_000)
        patch.setitem(cubes.DEPTH, 2, 6)
        few_identities(patch, 3)
        rows = sharp_rows(ConeSetting(stretch=Fraction(6, 5)), extended=True)
        return sharp_table(rows, [1, 2, 20, 150_528], [Fraction(1, 20), Fraction(1, 4)], jobs=1)


def test_text_fits_and_says_what_it_means(table):
    out = FORMATS["text"](table)
    assert max(map(len, out.splitlines())) <= 100 and "\x1b" not in out
    flat = " ".join(out.split())
    for words in (
        "10^-45313.4",
        "2^-d",
        "every corner b and every other a",
        "1/20: 1/100",
        "eps: share",
        "about 1.000",
        "at most 10^-",
        "the supremum over all queries x",
        "Over all feasible visualizations at a fixed L the worst radius is 1/2",
        "no proof",
        f"{len(table.checks)} of {len(table.checks)} checks hold",
    ):
        assert words in flat, words
    assert not re.search(r"\de-\d", out)


def test_json_follows_the_schema_and_keeps_exact_numbers(table):
    data = json.loads(FORMATS["json"](table))
    schema = json.loads(files("trompe").joinpath("schemas/sharp.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(data, schema)
    numbers = {
        (row["key"], n["column"], n["d"], n["eps"]): n
        for row in data["rows"]
        for n in row["numbers"]
    }
    assert numbers["convex", "side_share", 20, None]["exact"] == f"1/{2**20}"
    small = numbers["convex", "side_share", 150_528, None]
    assert (small["exact"], small["form"], small["value"]) == (None, "(1/2)^150528", 0)
    assert small["log10"] == pytest.approx(-45313.443187)
    assert {n["kind"] for n in numbers.values()} == {"exact", "closed form", "enclosed", "sampled"}
    for damage in ({"exact": 0.5}, {"kind": "guessed"}, {"log10": "-3"}, {"more": 1}):
        broken = json.loads(json.dumps(data))
        broken["rows"][0]["numbers"][0].update(damage)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)


def test_the_other_formats(table):
    lines = list(csv.DictReader(io.StringIO(FORMATS["csv"](table))))
    assert len(lines) == len(table.cells) and {line["verdict"] for line in lines} == {"PROVED"}
    convex = [line for line in lines if line["key"] == "convex" and line["d"] == "2"]
    assert [line["exact"] for line in convex] == ["1/2", "1/4", "1/100", "1/4"]
    markdown = FORMATS["markdown"](table)
    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    assert len({line.replace(r"\|", "").count("|") for line in rows}) == 1
    latex = FORMATS["latex"](table)
    for name in ("table", "tabular"):
        assert latex.count(rf"\begin{{{name}}}") == latex.count(rf"\end{{{name}}}") == 1
    assert latex.count("{") == latex.count("}") and latex.count("$") % 2 == 0
    assert {line.count("&") for line in latex.splitlines() if line.endswith(r"\\")} == {3}


@pytest.fixture
def quick(monkeypatch):
    """Layout alone: hardly any checks."""
    monkeypatch.setattr(checking, "EXACT_DIMS", (1,))
    monkeypatch.setattr(random_queries, "POINTS", 200)
    monkeypatch.setitem(cubes.DEPTH, 2, 3)
    few_identities(monkeypatch, 1)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("extended", [False, True])
def test_the_latex_form_fits_an_article(tmp_path, quick, extended):
    rows = list(sharp_rows(extended=extended))
    table = sharp_table(rows, [1, 2, 784, 150528], [Fraction(1, 4), Fraction(1, 10)])
    body = FORMATS["latex"](table)
    page = [
        "\\documentclass{article}",
        "\\usepackage{amsmath,array,booktabs}",
        "\\begin{document}",
        body,
    ]
    (tmp_path / "page.tex").write_text("\n".join([*page, "\\end{document}"]))
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout and "Missing character" not in done.stdout
    assert "Affine ($d>1$)" in body and "$L$-Lipschitz (known $L$)" in body


def test_the_missing_neuron_row_is_explained(quick):
    rows = [sharp_row("additive")]
    table = sharp_table(rows, [2], [Fraction(1, 4)])
    for form in ("text", "markdown"):
        assert "One neuron (d > 1) has no row" in FORMATS[form](table)
    without = sharp_table([sharp_row("convex")], [2], [Fraction(1, 4)])
    assert "neuron" not in FORMATS["text"](without)


LEAKY = function_class("neuron", link="leaky-relu", slope="1/4")


def _leaky_ends(low, high):
    """h^-1 of m and M, and how far 0 is on the way between them."""
    s, t = (min(Fraction(y), 4 * Fraction(y)) for y in (low, high))
    return s, t


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-1, 1), (-3, 1)])
@pytest.mark.parametrize("d", [2, 3])
def test_the_neuron_s_side_share_in_words_is_right(low, high, d):
    """c^d + (1-c)^d with H(c) = (m+M)/2: c lies between two midpoints of the grid, which hence has exactly this share."""
    v = Visualization((0,) * d, (1,) * d, low, high)
    s, t = _leaky_ends(low, high)
    mid = Fraction(low + high, 2)
    c = (min(mid, 4 * mid) - s) / (t - s)
    n = 2 * c.denominator
    axis = (np.arange(n) + 0.5) / n
    grid = np.stack(np.meshgrid(*[axis] * d), -1).reshape(-1, d)
    decided = bound(LEAKY, v, grid).decidable["side"]
    assert (decided != -1).all()
    assert Fraction(int(decided.sum()), n**d) == c**d + (1 - c) ** d
    assert (c == Fraction(1, 2)) == (c**d + (1 - c) ** d == Fraction(2, 2**d)) == (low == 0)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-1, 1), (-3, 1)])
@pytest.mark.parametrize("eps", ["1/10", "1/3"])
@pytest.mark.parametrize("d", [2, 3])
def test_the_neuron_s_eps_share_in_words_is_right(low, high, eps, d):
    """The integral of d (phi(u) - u)^(d-1), between the cells that are decidable throughout and those that are in part."""
    v = Visualization((0,) * d, (1,) * d, low, high)
    s, t = map(float, _leaky_ends(low, high))
    room = 2 * float(Fraction(eps)) * (high - low)

    def phi(u):
        y = max(s + (t - s) * u, (s + (t - s) * u) / 4) + room
        return min(1.0, (min(y, 4 * y) - s) / (t - s))

    kinks = [-s / (t - s), (-4 * room - s) / (t - s)]
    share, _ = quad(lambda u: d * (phi(u) - u) ** (d - 1), 0, 1, points=kinks, limit=200)
    n = 60
    cells = np.stack(np.meshgrid(*[np.arange(n)] * d), -1).reshape(-1, d)
    low_at, high_at = cells.min(-1), cells.max(-1)

    def decided(largest, smallest):
        queries = np.stack([largest, *[smallest] * (d - 1)], -1) / n
        return bound(LEAKY, v, queries, eps=eps).decidable["approx"]

    inside = (decided(high_at + 1, low_at) == 1).mean()
    narrow = np.minimum(high_at, low_at + 1)
    outside = (decided(high_at, narrow) != 0).mean()
    assert inside <= share <= outside
    assert outside - inside < 0.1
    r = 2 * float(Fraction(eps))
    affine = d * r ** (d - 1) - (d - 1) * r**d
    assert (inside <= affine <= outside) == (low == 0)


def test_numbers_as_shown():
    assert show_number(exact(Fraction(1, 4))) == "1/4" and show_number(exact(0)) == "0"
    assert show_number(exact(Fraction(12345678, 98765432))) == "0.125"
    assert show_number(powers(Term(Fraction(1), Fraction(1, 2), 150_528))) == "10^-45313.4"
    assert show_number(between(0.31231, 0.31232)) == "0.3123"
    assert show_number(between(0.2, 0.3)) == "0.2000 to 0.3000"
    assert show_number(between(0, Fraction(1, 2**60))) == "at most 10^-18.1"
    assert show_number(between(0, Fraction(1, 2))) == "at most 0.5000"
    assert show_number(sampled(0.5, 0.4, 0.6)) == "about 0.500"


def test_the_command_computes_checks_and_writes(capsys, tmp_path):
    target = tmp_path / "sharp.json"
    status, out, err = call(
        capsys, "table", "--sharp", "--row", "constant", "--row", "monotone", "--dim", "150528",
        "--eps", "0.1", "--format", "json", "--output", str(target), "--jobs", "1",
    )  # fmt: skip
    assert (status, out, err) == (0, "", "")
    data = json.loads(target.read_text())
    assert [row["key"] for row in data["rows"]] == ["constant", "monotone"]
    assert data["eps"] == ["1/10"] and data["dims"] == [150_528]
    assert [p.name for p in tmp_path.iterdir()] == ["sharp.json"]


def test_a_failing_check_is_shown_and_gives_status_1(capsys, monkeypatch):
    monkeypatch.setattr(checking, "EXACT_DIMS", (2,))
    monkeypatch.setattr(affine, "affine_side", lambda d: (Term(1, Fraction(1, 2), d),))
    status, out, _ = call(
        capsys, "table", "--sharp", "--row", "affine", "--dim", "2", "--jobs", "1"
    )
    assert status == 1
    assert "side share: REFUTED" in " ".join(out.split())
    for way in ("symbolic", "exact", "sampled"):
        assert f"affine: side share: {way}: REFUTED" in out
    assert "the closed form is 1/4, the exact integral 1/2" in " ".join(out.split())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--dim", "0"], "d >= 1"),
        (["--row", "affine", "--dim", "1"], "outside what affine is about"),
        (["--eps", "0.7"], "outside (0, 1/2)"),
        (["--eps", "x"], "not a number"),
        (["--lambda", "1/2"], "give lambda >= 1"),
        (["--lambda", "2", "--constant", "1"], "not both"),
        (["--lambda", "2", "--row", "convex"], "not among --row convex"),
        (["--constant", "1", "--argmin", "0,0"], "give both or neither"),
        (["--constant", "1/2", "--argmin", "0,0", "--argmax", "1,0"], "give L at least that large"),
        (["--constant", "2", "--argmin", "0,2", "--argmax", "1,0"], "outside [0, 1]^2"),
        (["--range", "3"], "give R with the constant L"),
        (["--metric", "l7"], "did you mean"),
        (["--dims", "1,2"], "--dim"),
        (["--solver", "z3"], "No such option"),
        (["--row", "quadratic"], "unknown row"),
        (["--row", "neuron"], "sharp table"),
        (["--format", "html"], "unknown format"),
        (["--jobs", "0"], "at least 1"),
        (["--output", "/no/such/folder/x"], "no folder"),
    ],
)
def test_bad_input_is_one_line_and_status_2(capsys, arguments, says):
    status, out, err = call(capsys, "table", "--sharp", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("trompe: ") and err.count("\n") == 1 and says in err


@pytest.mark.parametrize(
    "option",
    [["--dim", "3"], ["--eps", "1/4"], ["--lambda", "2"], ["--argmin", "0"], ["--range", "1"]],
)
def test_options_of_the_sharp_table_are_refused_without_it(capsys, option):
    status, _, err = call(capsys, "table", *option)
    assert status == 2 and "No such option" in err


def test_the_old_name_is_the_command(capsys):
    asked = ["--row", "constant", "--dim", "2", "--jobs", "1"]
    assert call(capsys, "table", *asked, "--sharp") == call(capsys, "sharp", *asked)


# -- pictures ----------------------------------------------------------------------------------------


@pytest.fixture
def pictures():
    return pytest.importorskip(
        "matplotlib", reason="pictures need matplotlib: pip install 'trompe[plot]'"
    )


@pytest.mark.parametrize(
    "options",
    [["--class", "convex", "--dim", "9"], ["--kind", "regions", "--class", "affine"]],
)
def test_pictures_repeat_byte_for_byte(pictures, capsys, options, tmp_path):
    first, again = tmp_path / "a.png", tmp_path / "b.png"
    for target in (first, again):
        assert call(capsys, "plot", "sharp", *options, "--output", str(target)) == (0, "", "")
    assert first.read_bytes().startswith(b"\x89PNG") and first.stat().st_size > 10_000
    assert first.read_bytes() == again.read_bytes()


def test_what_is_drawn_is_what_the_table_says(pictures, monkeypatch, tmp_path):
    import matplotlib.pyplot as plt

    drawn = {}
    monkeypatch.setattr(plt, "close", lambda figure: drawn.update(axes=figure.axes))
    assert run(["plot", "sharp", "--output", str(tmp_path / "s.png")]) == 0
    lines = {line.get_label(): line.get_xydata() for line in drawn["axes"][0].get_lines()}
    assert len(lines) == 6
    assert lines["Convex"][7] == pytest.approx([8, 2**-8])
    assert lines["Affine ($d>1$)"][0] == pytest.approx([2, 0.5])
    eps = {line.get_label(): line.get_xydata() for line in drawn["axes"][1].get_lines()}
    assert eps["Convex"][19] == pytest.approx([0.25, 0.25])
    assert run(["plot", "sharp", "--kind", "regions", "--output", str(tmp_path / "r.png")]) == 0
    titles = [axes.get_title() for axes in drawn["axes"]]
    assert len(titles) == 8 and "Convex\nshare 1/4" in titles
    for axes in drawn["axes"]:
        assert axes.get_aspect() == 1
    monkeypatch.undo()
    plt.close("all")


def test_what_a_tolerance_costs(pictures, monkeypatch, tmp_path):
    import matplotlib.pyplot as plt

    from trompe.views import sharp_plot

    monkeypatch.setattr(sharp_plot, "CELLS", 15)
    monkeypatch.setattr(sharp_plot, "TAUS", [Fraction(0), Fraction(1, 2), Fraction(2)])
    drawn = {}
    monkeypatch.setattr(plt, "close", lambda figure: drawn.update(axes=figure.axes))
    output = str(tmp_path / "t.png")
    assert run(["plot", "sharp", "--kind", "tolerance", "--output", output]) == 0
    side, approx = (
        {line.get_label(): line.get_ydata() for line in axes.get_lines()} for axes in drawn["axes"]
    )
    assert len(side) == 6
    for shares in (side, approx):
        for values in shares.values():  # what limits admit, wider ones do
            assert list(values) == sorted(values, reverse=True)
    for label, values in side.items():  # the limits do not move the threshold of a Lipschitz unit
        assert (len(set(values)) == 1) == (label not in ("Convex", "Affine ($d>1$)")), label
    # In closed form: within eps R0 if and only if (max x' - min x')(1 + 2 tau/R0) <= 2 eps.
    widths = [0.5 / (1 + 2 * tau) for tau in (0, 0.5, 2)]
    expected = [2 * r - r * r for r in widths]
    assert list(approx["Affine ($d>1$)"]) == pytest.approx(expected, abs=0.1)
    assert side["Convex"][0] == pytest.approx(0.25, abs=0.05)
    monkeypatch.undo()
    plt.close("all")


def test_a_tolerance_that_is_dropped_is_noticed(pictures, monkeypatch):
    from trompe.views import sharp_plot

    monkeypatch.setattr(sharp_plot, "CELLS", 5)
    cls, v = function_class("affine"), Visualization((0, 0), (1, 1), 0, 1)
    shares = [sharp_plot.tolerance_shares(cls, v, Fraction(tau)) for tau in (0, 2)]
    assert shares[0][0] > shares[1][0] and shares[0][1] > shares[1][1]
    monkeypatch.setattr(sharp_plot, "bounds", lambda *given, tolerance: bounds(*given, tolerance=0))
    assert sharp_plot.tolerance_shares(cls, v, Fraction(2)) == shares[0]


def test_lines_differ_in_grey_and_the_regions_in_hatch(pictures):
    from trompe.views.sharp_plot import _STYLES

    assert len({style.marker for style in _STYLES}) == len(_STYLES)
    assert len({(str(style.dashes), style.marker) for style in _STYLES}) == len(_STYLES)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["sharp", "--kind", "area"], "unknown kind"),
        (["sharp", "--class", "quadratic"], "unknown row"),
        (["sharp", "--dim", "0"], "d = 1, ..., 16"),
        (["sharp", "--kind", "regions", "--dim", "3"], "d = 2"),
        (["sharp", "--class", "monotone"], "nothing to draw"),
        (["sharp", "--kind", "tolerance", "--dim", "3"], "drawn at d = 2"),
        (["sharp", "--kind", "tolerance", "--class", "monotone"], "nothing to draw"),
        (["sharp", "--kind", "regions", "--class", "affine-1d"], "no class of two inputs"),
        (["convex/side", "--kind", "share"], "trompe plot sharp"),
    ],
)
def test_a_picture_that_cannot_be_drawn(pictures, capsys, arguments, says, tmp_path):
    status, _, err = call(capsys, "plot", *arguments, "--output", str(tmp_path / "x.png"))
    assert status == 2 and says in err and err.count("\n") == 1
    assert not list(tmp_path.iterdir())
