"""Where less is shown, in every command that takes a theorem: what is printed, and what takes a label away."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from importlib.resources import files

import jsonschema
import pytest

from trompe.cli import run
from trompe.proofs import case, earned_label, levels, verify, verify_table
from trompe.proofs.rows import EVIDENCE
from trompe.refuting.judging import refute
from trompe.theory import CLASSES, ROWS, TASKS, InvalidInput, UnknownKey
from trompe.theory.catalogue import EVERY_THEOREM, LEVEL_THEOREMS
from trompe.theory.levels import LESS_SHOWN, LEVELS
from trompe.views.table import FORMATS as TABLE_FORMATS

NO, YES, SMALL = "No", "Yes", "Only for small L"
WANTED = {
    "lipschitz": {"near": [NO, NO, SMALL]},
    "affine-1d": {
        "near": [YES] * 3, "maximum": [NO, NO, YES], "images": [NO, NO, YES], "argmax": [NO, NO, YES]
    },
    "constant": {
        "near": [YES] * 3, "maximum": [YES] * 3, "images": [NO, NO, YES], "argmax": [NO, NO, YES]
    },
}  # fmt: skip
"""The labels that are not all No, written down from the theory and not from the catalogue."""


@pytest.fixture(scope="module")
def table():
    return verify_table(levels=LESS_SHOWN)


def test_the_labels_are_those_of_the_theory_and_every_cell_is_proved(table):
    assert len(table.cells) == 120 and table.is_proved
    for row in CLASSES:
        for level in LESS_SHOWN:
            wanted = WANTED.get(row, {}).get(level, [NO] * 3)
            found = [table.cells[f"{row}/{task}/{level}"].label for task in TASKS]
            assert found == wanted, (row, level)


def test_every_cell_has_kernel_evidence_and_samples(table):
    for cell in table.cells.values():
        kinds = {entry["level"] for entry in cell.evidence()}
        assert {"smt", "sampled", "kernel"} <= kinds, cell.key


def test_a_row_proves_itself_what_it_states_itself():
    for row, kind in CLASSES.items():
        assert set(EVIDENCE[row].levels) == set(kind.own)
        for task in TASKS:
            for level in LESS_SHOWN:
                parent = None if (task, level) in kind.own else f"{row}/{task}"
                assert case(f"{row}/{task}/{level}").inherits == parent


@pytest.mark.parametrize("key", ["convex/side/argmax", "monotone/exact/near"])
def test_an_inherited_no_needs_its_parent_and_its_own_obligation(key):
    item = case(key)
    proved = dict.fromkeys(item.obligations, True)
    assert earned_label(key, proved, NO) == NO
    assert earned_label(key, proved, None) is None and earned_label(key, proved, YES) is None
    assert earned_label(key, dict.fromkeys(item.obligations, False), NO) is None


@pytest.mark.parametrize(
    ("key", "damaged"),
    [
        ("constant/exact/images", lambda value, maximum, scale, shift: value),
        ("affine-1d/approx/maximum", lambda value, maximum, scale, shift: maximum - scale * value),
    ],
)
def test_a_pair_that_does_not_do_it_takes_the_label(key, damaged, monkeypatch):
    monkeypatch.setattr(levels, "rescaled", damaged)
    found = verify_table(theorems=[key], jobs=1)[key]
    assert (found.label, found.verdict) == (None, "REFUTED")


def test_a_wrong_decoder_takes_the_label(monkeypatch):
    from trompe.proofs.rows import affine

    monkeypatch.setattr(affine, "is_near_maximiser", lambda b, x, xp: xp.abs(x - b) <= 1)
    found = verify_table(theorems=["affine-1d/side/argmax"], jobs=1)["affine-1d/side/argmax"]
    assert (found.label, found.verdict) == (None, "REFUTED")


def shown(capsys, *arguments, status=0):
    assert run(list(arguments)) == status
    out, err = capsys.readouterr()
    return out + err


def test_the_summary_fits_a_screen_and_names_all_levels(capsys):
    out = shown(capsys, "table", "--level", "all", "--row", "constant", "--row", "affine-1d")
    assert max(map(len, out.splitlines())) <= 100 and len(out.splitlines()) < 40
    flat = " ".join(out.split())
    assert all(f" {name}: {level.says}." in flat for name, level in LEVELS.items())
    lines = [line for line in out.splitlines() if line.startswith(("Constant", "Affine"))]
    assert [line.split()[-15:] for line in lines] == [
        [YES] * 6 + [NO, NO, YES] * 3,
        [YES] * 9 + [NO, NO, YES] * 2,
    ]
    assert "30 of 30 cells proved" in out


@pytest.mark.parametrize("level", ["maximum", "all"])
def test_every_format_of_a_level(level, capsys):
    asked = ("table", "--level", level, "--row", "constant", "--format")
    data = json.loads(shown(capsys, *asked, "json"))
    schema = json.loads(files("trompe").joinpath("schemas", "table.json").read_text())
    jsonschema.validate(data, schema)
    found = [row.get("level", "extremes") for row in data["rows"]]
    assert found == (list(LEVELS) if level == "all" else [level])
    assert len(shown(capsys, *asked, "csv").splitlines()) == 1 + 3 * len(found)
    assert r"\toprule" in shown(capsys, *asked, "latex")
    assert shown(capsys, *asked, "markdown").startswith("| class |")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["table", "--level", "imags"], "did you mean images?"),
        (["table", "--level", "near", "--row", "additive"], "at extremes only"),
        (["show", "convex/side/argmin"], "did you mean"),
        (["witness", "affine-1d/exact/images", "--eta", "1/9"], "--eta belongs to mixes"),
        (["witness", "affine-1d/exact/maximum", "--query", "1"], "M = 1 is right at this query"),
        (["witness", "affine-1d/approx/maximum", "--eps", "1/2"], "outside (0, 1/2)"),
        (["witness", "affine-1d/approx/images", "--eps", "-1"], "expected a number of at least 0"),
        (["witness", "affine-1d/exact/images", "--argmin", "1/3"], "affine-1d:"),
        (["witness", "affine-1d/side/images"], "the theorem says Yes"),
        (
            ["cite", "additive/side/near"],
            "additive has theorems at extremes only; did you mean additive/side?",
        ),
        (["verify", "neuron/side/near"], "neuron has theorems at extremes only"),
        (
            ["show", "convex/side/extremes"],
            "a key at extremes is row/task; did you mean convex/side?",
        ),
        (["table", "--level", "ALL"], "known: all, argmax"),
    ],
)
def test_what_is_not_there_is_one_line(arguments, words, capsys):
    out = shown(capsys, *arguments, status=2)
    assert words in out and out.count("\n") == 1


@pytest.mark.parametrize(
    "key",
    ["affine-1d/approx/maximum", "constant/side/argmax", "lipschitz/side/images", "erm/exact/near"],
)
def test_show_names_what_is_shown_and_the_theorem_of_coq(key, capsys):
    out = shown(capsys, "show", key)
    level = key.split("/")[2]
    assert f"Shown, at the level {level}:" in out and "kernel: Coq" in out
    own = case(key).inherits is None
    name = (
        key.replace("/", "_").replace("-", "_") if own else key.rpartition("/")[0].replace("/", "_")
    )
    assert f"  {name}\n" in out


@pytest.mark.parametrize(
    "key", ["convex/side/argmax", "lipschitz/side/maximum", "neural-network/approx/near"]
)
def test_a_witness_of_a_level_is_checked(key, capsys, tmp_path):
    output = str(tmp_path / "pair.json")
    shown(capsys, "witness", key, "--output", output)
    assert f"a witness for {key}" in shown(capsys, "check", output)
    text = (tmp_path / "pair.json").read_text().replace(key, key.rpartition("/")[0])
    (tmp_path / "pair.json").write_text(text)  # another theorem's statement
    assert "REFUTED" in shown(capsys, "check", output, status=1)


def test_certificates_and_citations_of_a_level(capsys, tmp_path):
    key = "constant/exact/images"
    shown(capsys, "certify", key, "--output", str(tmp_path / "set"), "--jobs", "1")
    assert "The set holds" in shown(capsys, "check", str(tmp_path / "set"))
    assert LEVEL_THEOREMS[key].sha256 in shown(capsys, "cite", key)


@pytest.mark.parametrize(
    "key", ["affine-1d/exact/maximum", "affine-1d/side/argmax", "convex/side/images"]
)
def test_a_picture_of_a_level(key, tmp_path):
    pytest.importorskip("matplotlib")
    assert run(["plot", key, "--output", str(tmp_path / "a.svg"), "--dim", "1"]) == 0
    assert (tmp_path / "a.svg").stat().st_size > 1000


def test_the_picture_of_all_levels_comes_from_a_run(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    from trompe.views import levels as view

    table = verify_table(["constant"], levels=("extremes", "images"), jobs=1)
    from trompe.views.picture import picture_file

    view.draw(table, picture_file(tmp_path / "a.svg"))
    assert (tmp_path / "a.svg").stat().st_size > 1000
    assert run(["plot", "levels", "--output", str(tmp_path / "b.png"), "--dim", "2"]) == 2


@pytest.mark.parametrize("level", ["near", "all"])
def test_rows_without_cells_at_a_level_are_named_in_every_format_with_words(level):
    found = verify_table(["constant"], levels=level, jobs=1)
    missing = ("lipschitz-unknown", "additive")
    for form, view in TABLE_FORMATS.items():
        said = "further rows lipschitz-unknown, additive have cells at the level extremes only."
        flat = " ".join(view(replace(found, extremes_only=missing)).split())
        assert (said in flat) is (form not in ("json", "csv")), form
        assert "extremes only" not in view(found)


def test_the_further_rows_that_were_asked_for_are_named(monkeypatch):
    monkeypatch.setattr(verify, "CLASSES", {"constant": CLASSES["constant"]})
    monkeypatch.setattr(verify, "ROWS", {key: ROWS[key] for key in ("constant", "additive")})
    found = verify_table(levels="near", extended=True, jobs=1)
    assert (found.rows, found.extremes_only) == (("constant",), ("additive",))
    assert verify_table(levels="near", jobs=1).extremes_only == ()


def test_all_stands_for_the_five_levels_and_for_them_alone():
    found = verify_table(["constant"], levels="all", jobs=1)
    assert found.levels == tuple(LEVELS) and len(found.cells) == 15
    with pytest.raises(UnknownKey, match="known: all, argmax"):
        verify_table(["constant"], levels="qqq")
    with pytest.raises(UnknownKey, match="additive has theorems at extremes only"):
        refute(lambda shown, x: 0, "additive", "exact", level="images")


def test_show_names_the_eps_of_a_scale(capsys):
    assert "d = 1: eps = 1/4, scale = 1/4, shift = 0" in shown(
        capsys, "show", "affine-1d/approx/maximum", "--jobs", "1"
    )
    assert "d = 1: scale = 1/2, shift = 0" in shown(
        capsys, "show", "affine-1d/exact/maximum", "--jobs", "1"
    )


def test_a_level_is_named_from_python_too():
    with pytest.raises(UnknownKey, match="did you mean maximum"):
        verify_table(["constant"], levels="maximun")
    with pytest.raises(InvalidInput, match="name one"):
        verify_table(["constant"], levels=[])


def decoder(tmp_path, body):
    (tmp_path / "d.py").write_text(f"def d(shown, x):\n    return {body}\n")
    return str(tmp_path / "d.py") + ":d"


def test_the_schema_has_the_shortfall(capsys, tmp_path):
    schema = json.loads(files("trompe").joinpath("schemas", "refutation.json").read_text())
    asked = [
        "--class",
        "affine-1d",
        "--task",
        "side",
        "--level",
        "images",
        "--shortfall",
        "0.2",
        "--format",
        "json",
    ]
    data = json.loads(shown(capsys, "refute", decoder(tmp_path, "'min'"), *asked, status=5))
    jsonschema.validate(data, schema)
    assert data["shortfall"] == "1/5" and data["visualization"]["argmin"] in (["0"], ["1"])
    asked = ["--class", "convex", "--task", "side", "--level", "images", "--shortfall", "1/5"]
    out = shown(capsys, "refute", decoder(tmp_path, "'min'"), *asked, status=2)
    assert "not about pictures that fall short" in out and out.count("\n") == 1


EVERY_EPS = {
    "affine-1d": ["extremes", "near", "images", "argmax"],
    "constant": ["extremes", "near", "maximum", "images", "argmax"],
}
"""Where approx is about every eps >= 0."""


def test_the_theorems_about_every_eps_are_marked():
    for key, item in EVERY_THEOREM.items():
        assert item.any_eps is ("every eps >= 0" in item.statement), key
        if item.row in CLASSES and item.task == "approx":
            assert item.any_eps is (item.level in EVERY_EPS.get(item.row, [])), key


@pytest.mark.parametrize("eps", ["0", "1/2", "7"])
def test_refute_and_witness_take_the_eps_that_the_statement_is_about(eps, capsys, tmp_path):
    report = tmp_path / "r.json"
    for row, levels_of in EVERY_EPS.items():
        for level in levels_of:
            asked = ["--class", row, "--task", "approx", "--level", level, "--eps", eps]
            is_no = level in ("images", "argmax")
            out = shown(
                capsys, "refute", decoder(tmp_path, "-99"), *asked, status=0 if is_no else 5
            )
            assert f", eps = {eps}" in out and f"more than eps = {eps}" in " ".join(out.split())
            if is_no:
                shown(
                    capsys,
                    "refute",
                    decoder(tmp_path, "-99"),
                    *asked,
                    "--format",
                    "json",
                    "--output",
                    str(report),
                )
                assert json.loads(report.read_text())["eps"] == eps
                assert "a refutation for" in shown(capsys, "check", str(report))
                pair = str(tmp_path / "pair.json")
                shown(capsys, "witness", f"{row}/approx/{level}", "--eps", eps, "--output", pair)
                assert "a witness for" in shown(capsys, "check", pair)
    for row, level in (("affine-1d", "maximum"), ("convex", "images"), ("convex", "near")):
        asked = ["--class", row, "--task", "approx", "--level", level, "--eps", eps]
        assert "outside (0, 1/2)" in shown(
            capsys, "refute", decoder(tmp_path, "0"), *asked, status=2
        )


@pytest.mark.parametrize("numbers", ["float", "exact"])
@pytest.mark.parametrize("level", ["near", "maximum", "images", "argmax"])
def test_a_decoder_that_reads_what_is_hidden_is_broken_in_one_line(
    level, numbers, capsys, tmp_path
):
    hidden = [n for n in ("argmin", "minimum", "maximum", "limits") if n not in LEVELS[level].shows]
    for name in hidden:
        out = shown(
            capsys, "refute", decoder(tmp_path, f"shown.{name}"), "--class", "monotone", "--task", "exact",
            "--level", level, "--numbers", numbers, status=4,
        )  # fmt: skip
        assert f"NotShown: {name} is not shown at the level {level}" in " ".join(out.split())


@pytest.mark.parametrize(
    ("body", "row", "task", "level", "status"),
    [
        ("0", "convex", "exact", "maximum", 0),
        ("'min'", "lipschitz", "side", "argmax", 0),
        ("shown.maximum", "affine-1d", "approx", "maximum", 0),
        ("1", "constant", "exact", "images", 0),
        ("shown.maximum", "constant", "exact", "maximum", 3),
        ("'max' if abs(x[0] - shown.argmax[0]) <= .5 else 'min'", "affine-1d", "side", "argmax", 3),
        ("'min'", "affine-1d", "side", "argmax", 5),
        ("shown.limits[0]", "constant", "exact", "near", 5),
    ],
)
def test_refute_where_less_is_shown(body, row, task, level, status, capsys, tmp_path):
    asked = ["--class", row, "--task", task, "--level", level]
    out = shown(capsys, "refute", decoder(tmp_path, body), *asked, status=status)
    assert out.startswith(f"{row}/{task}/{level} at d = ") and "\nshown          " in out


@pytest.mark.parametrize(
    ("row", "task", "level", "body"),
    [
        ("convex", "side", "images", "'min'"),
        ("lipschitz", "side", "maximum", "'max'"),
        ("black-box", "exact", "near", "0"),
    ],
)
def test_a_refutation_of_a_level_as_a_file(row, task, level, body, capsys, tmp_path):
    asked = ["--class", row, "--task", task, "--level", level, "--format", "json"]
    text = shown(capsys, "refute", decoder(tmp_path, body), *asked)
    data = json.loads(text)
    assert data["witness"]["key"] == data["key"] == f"{row}/{task}/{level}"
    assert set(data["shown"]) == set(LEVELS[level].shows)
    (tmp_path / "r.json").write_text(text)
    assert f"a refutation for {data['key']}" in shown(capsys, "check", str(tmp_path / "r.json"))
    for damage in ({"shown": {**data["shown"], "argmax": ["1/2"] * data["dim"]}}, {"shown": {}}):
        (tmp_path / "r.json").write_text(json.dumps(data | damage))
        assert "both show" in " ".join(
            shown(capsys, "check", str(tmp_path / "r.json"), status=1).split()
        )


@pytest.mark.parametrize(
    ("key", "body"),
    [
        ("affine-1d/exact/maximum", "shown.maximum"),
        ("affine-1d/approx/maximum", "shown.maximum - 1/8"),
        ("affine-1d/approx/images", "x[0]"),
        ("affine-1d/exact/argmax", "1.25"),
        ("constant/exact/images", "0.5"),
        ("constant/approx/argmax", "7"),
    ],
)
def test_a_refutation_by_two_ranges_is_a_file_that_holds(key, body, capsys, tmp_path):
    row, task, level = key.split("/")
    pair, report = tmp_path / "pair.json", tmp_path / "r.json"
    asked = ["--class", row, "--task", task, "--level", level, "--format", "json", "--repeats", "3"]
    shown(
        capsys,
        "refute",
        decoder(tmp_path, body),
        *asked,
        "--witness",
        str(pair),
        "--output",
        str(report),
    )
    assert f"a witness for {key}" in shown(capsys, "check", str(pair))
    assert f"a refutation for {key}" in shown(capsys, "check", str(report))
    data = json.loads(report.read_text())
    jsonschema.validate(
        data, json.loads(files("trompe").joinpath("schemas", "refutation.json").read_text())
    )
    assert data["witness"] == json.loads(pair.read_text())
    other = {"f": "visualization", "g": "visualization_of_f"}[data["function"]]
    names = {"f": "g", "g": "f"}
    for damage in (
        {"visualization": data["witness"][other]},
        {"truth": data["witness"]["values"][names[data["function"]]]},
        {"function": names[data["function"]]},
        {"error": "1/97"},
        {"prediction": data["truth"]},
        {"eps": "1/3"},
        {"shown": {**data["shown"], "argmax": ["1/2"] * data["dim"]}},
    ):
        report.write_text(json.dumps(data | damage))
        shown(capsys, "check", str(report), status=1)


@pytest.mark.parametrize(
    ("row", "task", "level", "body", "status"),
    [
        ("affine-1d", "exact", "images", "0", 0),
        ("affine-1d", "approx", "maximum", "shown.maximum", 0),
        ("affine-1d", "side", "near", "'min'", 5),
        ("constant", "side", "argmax", "'min'", 3),
    ],
)
def test_the_json_of_a_level_fits_the_schema_and_judges_by_the_functions_own_values(
    row, task, level, body, status, capsys, tmp_path
):
    schema = json.loads(files("trompe").joinpath("schemas", "refutation.json").read_text())
    asked = ["--class", row, "--task", task, "--level", level, "--format", "json"]
    data = json.loads(shown(capsys, "refute", decoder(tmp_path, body), *asked, status=status))
    jsonschema.validate(data, schema)
    low, high = (Fraction(data["visualization"][name]) for name in ("minimum", "maximum"))
    truth = Fraction(data["truth"])
    if level != "near":
        assert low <= truth <= high
    if status == 5:
        assert Fraction(data["error"]) == abs(truth - (low + high) / 2)


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["--task", "approx", "--level", "maximum", "--query", "7/8", "--argmax", "0"], 0),
        (["--task", "approx", "--level", "maximum", "--query", "7/8"], 0),
        (["--task", "exact", "--level", "images", "--query", "0"], 0),
        (["--task", "exact", "--level", "maximum", "--query", "1"], 0),
        (
            [
                "--task",
                "approx",
                "--level",
                "maximum",
                "--query",
                "7/8",
                "--argmin",
                "0",
                "--argmax",
                "1",
                "--min",
                "0",
                "--max",
                "1",
            ],
            5,
        ),
    ],
)
def test_what_is_not_shown_is_chosen_so_that_there_is_a_pair(options, status, capsys, tmp_path):
    shown(capsys, "refute", decoder(tmp_path, "0"), "--class", "affine-1d", *options, status=status)


def test_near_the_maximum_one_answer_is_right_and_any_other_is_wrong_for_a_small_range(
    capsys, tmp_path
):
    asked = ["--class", "affine-1d", "--task", "approx", "--level", "maximum", "--query", "7/8",
             "--argmin", "0", "--argmax", "1", "--min", "0", "--max", "1"]  # fmt: skip
    shown(capsys, "refute", decoder(tmp_path, "shown.maximum"), *asked, status=3)
    out = shown(capsys, "refute", decoder(tmp_path, "1 - 2**-9"), *asked, status=5)
    assert "for the member f" in " ".join(out.split())


def test_lipschitz_moves_what_is_not_shown(capsys, tmp_path):
    asked = ["--class", "lipschitz", "--task", "side"]
    for options in (
        [
            "--level",
            "maximum",
            "--argmin",
            "0,0",
            "--argmax",
            "1,1",
            "--min",
            "0",
            "--max",
            "1",
            "--query",
            "0,0",
        ],
        ["--level", "images", "--argmin", "0,0", "--argmax", "1/4,0", "--query", "1/2,1/2"],
    ):
        shown(capsys, "refute", decoder(tmp_path, "'min'"), *asked, *options)
    shown(capsys, "witness", "convex/side/argmax", "--query", "1/4,1/4")


@pytest.mark.parametrize(
    "given",
    [
        ["--class", "convex", "--argmin", "0,0", "--argmax", "1,1", "--min", "-1.5e308", "--max", "1.5e308"],
        ["--class", "affine-1d", "--argmin", "0", "--argmax", "1e-309", "--min", "0", "--max", "1"],
    ],
)  # fmt: skip
def test_a_promise_too_large_for_floats_is_one_line(given, capsys, tmp_path):
    asked = [*given, "--task", "exact", "--level", "near"]
    out = shown(capsys, "refute", decoder(tmp_path, "0"), *asked, status=2)
    assert "too large for float64" in out and out.count("\n") == 1
    status = 0 if "convex" in given else 5
    shown(capsys, "refute", decoder(tmp_path, "-1"), *asked, "--numbers", "exact", status=status)


def test_a_huge_answer_is_judged(capsys, tmp_path):
    for level in ("extremes", "near", "images"):
        asked = ["--class", "convex", "--task", "exact", "--level", level]
        assert "E+400" in shown(capsys, "refute", decoder(tmp_path, "10**400"), *asked)


@pytest.mark.parametrize("body", ["hasattr(shown, 'minimum')", "getattr(shown, 'minimum', 7) == 7"])
def test_a_decoder_may_ask_what_it_is_shown(body, capsys, tmp_path):
    asked = ["--class", "convex", "--task", "exact", "--level", "images"]
    shown(capsys, "refute", decoder(tmp_path, f"1.0 * ({body})"), *asked)


def test_what_is_shown_cannot_be_changed(capsys, tmp_path):
    asked = ["--class", "convex", "--task", "exact", "--level", "argmax"]
    out = shown(
        capsys, "refute", decoder(tmp_path, "setattr(shown, 'argmax', 0)"), *asked, status=4
    )
    assert "cannot be changed" in " ".join(out.split())
