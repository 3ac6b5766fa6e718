"""Shown-files: written, read and checked without PyTorch; each damage that matters is noticed."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from fractions import Fraction
from importlib.resources import files

import jsonschema
import numpy as np
import pytest

from trompe.cli import run
from trompe.proofs.handover.shown import (
    check_shown,
    parse,
    read_array,
    read_shown,
    to_json,
)
from trompe.proofs.mutation.shown import PlaneNetwork, value_of, write_example
from trompe.theory import InvalidInput


@pytest.fixture
def path(tmp_path):
    return write_example(tmp_path)


@pytest.fixture(scope="module")
def schema():
    data = json.loads(files("trompe").joinpath("schemas/shown.json").read_text())
    jsonschema.Draft202012Validator.check_schema(data)
    return jsonschema.Draft202012Validator(data)


class NoImages(PlaneNetwork):
    """The same where the file has no natural images."""

    def __init__(self, shown):
        self.kind = "enclosure"

    def natural(self, unit, end):
        return None


def test_what_is_written_is_read_again(path, schema):
    text = path.read_text()
    shown = read_shown(path)
    assert to_json(shown) == text and parse(text.encode()) == shown
    schema.validate(json.loads(text))
    unit = shown.unit(3)
    assert Fraction(unit.minimum.value) == Fraction(value_of(3, np.array([0, 0.25, 0, 0])))
    assert (unit.name, shown.dim, shown.of_layer) == ("unit 3", 4, "layer 'conv'")
    assert read_array(path, unit.maximum, shown.shape).ravel().tolist() == [1.0, 0.75, 1.0, 1.0]


def test_a_natural_image_that_beats_the_optimiser_is_said(path):
    data = json.loads(path.read_text())
    unit = data["units"][0]
    unit["natural_maximum"]["value"] = "40"
    unit["natural_minimum"]["value"] = "-40"
    said = list(parse(json.dumps(data).encode()).units[0].said())
    assert len(said) == 2
    assert "the natural image lit/3.png has 40, more than the optimiser's" in said[1]
    assert said[1].endswith("the optimiser's maximum is not the maximum over the inputs.")
    assert "(by estimated values)" in said[1] and "(by estimated values)" not in said[0]
    # Within the errors nothing is said.
    best = Fraction(unit["maximum"]["value"])
    unit["natural_maximum"]["value"] = str(best + Fraction(1, 1000))
    assert len(list(parse(json.dumps(data).encode()).units[0].said())) == 1


def test_a_file_is_checked_without_the_network_and_with_it(path):
    content = path.read_bytes()
    report = check_shown(content, path)
    assert report.ok and len(report.findings) == 5, report.text()
    assert "the network and the values (give --model)" in report.text()
    assert "PROVED   unit 3, minimum: unit-3-minimum.npy matches the file's hash: " in report.text()
    assert "(give --images)" in report.text() and "was written" not in report.text()
    report = check_shown(content, path, PlaneNetwork)
    assert report.ok and len(report.findings) == 14, report.text()
    assert "give --model" not in report.text()
    assert "no optimiser proves that" in report.text()


@pytest.mark.parametrize(
    ("change", "verdict", "words"),
    [
        ({"value": "0.4"}, "REFUTED", "here, up to"),
        ({"value": "0.6", "error": "1"}, "REFUTED", "it is 0.5 here, up to 0.0009"),
        ({"error": "0.0037"}, "REFUTED", "larger than what is found here"),
        ({"error": "0.0035"}, "PROVED", ""),
        (
            {"value": "0.5004"},
            "PROVED",
            "",
        ),  # the last digits of another machine; bounds are within 0.00045 of 0.5
        ({"value": "0.5006"}, "UNKNOWN", "interval bounds give 0.5 up to 0.00045 here"),
        ({"kind": "estimate"}, "REFUTED", "interval bounds certify it here"),
        ({"error": "0.0000001"}, "UNKNOWN", "interval bounds give"),
        ({"kind": "estimate", "value": "0.49"}, "REFUTED", "it is 0.5 here"),
        ({"kind": "unknown", "error": None}, "UNKNOWN", "no error is stated"),
    ],
)
def test_values_and_errors(tmp_path, change, verdict, words):
    path = write_example(tmp_path, (1,))
    data = json.loads(path.read_text())
    assert data["units"][0]["minimum"]["value"] == "0.5"
    data["units"][0]["minimum"] |= change
    report = check_shown(json.dumps(data).encode(), path, PlaneNetwork)
    found = [f for f in report.findings if f.verdict not in ("PROVED", "EVALUATED")]
    assert [f.verdict for f in found] == [verdict] * (verdict != "PROVED"), report.text()
    assert all(words in f.reason for f in found), report.text()


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, "EVALUATED"),
        ({"error": "0.05"}, "EVALUATED"),  # float32 rounds otherwise elsewhere
        ({"error": "0.2"}, "REFUTED"),
        ({"error": "0.00000001"}, "REFUTED"),
        ({"value": "2.1", "error": "1"}, "REFUTED"),
    ],
)
def test_an_estimate_is_evaluated_and_counted_apart(tmp_path, change, verdict):
    path = write_example(tmp_path, (1,))
    data = json.loads(path.read_text())
    data["units"][0]["natural_maximum"] |= change
    report = check_shown(json.dumps(data).encode(), path, PlaneNetwork)
    (found,) = [f for f in report.findings if f.verdict != "PROVED"]
    assert (found.verdict, report.ok) == (verdict, verdict == "EVALUATED"), report.text()
    assert ("7 of 8 claims proved, 1 evaluated" in report.text()) == report.ok


def test_what_shows_nothing_or_not_all_is_said(path):
    """No unit at all is no shown-file; units that are missing are named."""
    data = json.loads(path.read_text())
    report = check_shown(json.dumps(data | {"units": []}).encode(), path)
    assert not report.ok and "REFUTED  the file shows a unit: it has none" in report.text()
    report = check_shown(json.dumps(data | {"asked": [3, 5, 17, 21]}).encode(), path)
    assert report.ok and "units 5, 21 of those asked for, which are not finished" in report.text()
    for unit in data["units"]:
        unit["natural_minimum"] = unit["natural_maximum"] = None
    report = check_shown(json.dumps(data | {"images": None}).encode(), path, NoImages)
    assert report.ok and "natural images: the file has none" in report.text()


def test_ends_that_are_none_are_refused_by_all_who_read(path, capsys):
    """Equal values are those of a unit that is constant; a minimum above the maximum, or one array for both, is neither."""
    genuine = path.read_text()
    asked = (*BOUND, "--query", "1/2", "--tolerance", "1", "--shown", path, "--unit", 3)
    for change, words in (
        (lambda u: u.update(minimum=u["maximum"], maximum=u["minimum"]), "above its maximum"),
        (lambda u: u.update(minimum=u["maximum"]), "each array once"),
        (lambda u: u["maximum"].update(error="9" * 400), "beyond what floats hold"),
        (lambda u: u["minimum"].update(value="-" + "9" * 400), "beyond what floats hold"),
    ):
        data = json.loads(genuine)
        change(data["units"][0])
        path.write_text(json.dumps(data))
        status, out, _ = call(capsys, "check", path)
        assert status == 1 and words in out
        status, _, err = call(capsys, *asked)
        assert (status, err.count("\n")) == (2, 1) and words in err
    data = json.loads(genuine)
    data["units"][0]["minimum"]["value"] = data["units"][0]["maximum"]["value"]
    path.write_text(json.dumps(data))
    assert call(capsys, "check", path)[0] == 0


def test_an_enclosure_that_is_only_an_estimate_here_is_unknown(path):
    report = check_shown(path.read_bytes(), path, lambda shown: PlaneNetwork(shown, "estimate"))
    verdicts = {
        f.verdict for f in report.findings if "the value is" in f.says and "estimate" not in f.says
    }
    assert not report.ok and verdicts == {"UNKNOWN", "EVALUATED"}
    assert any("interval bounds do not reach so far" in f.reason for f in report.findings)
    data = json.loads(path.read_text())
    data["units"][0]["minimum"]["value"] = "2.4"  # it is 2.5, which nothing certifies here
    report = check_shown(
        json.dumps(data).encode(), path, lambda shown: PlaneNetwork(shown, "estimate")
    )
    found = next(f for f in report.findings if f.says.startswith("unit 3, minimum: the value"))
    assert (found.verdict, report.ok) == ("UNKNOWN", False) and "it is 2.5 here" in found.reason


def array(kind=np.float32, shape=(1, 2, 2), value=0.5):
    content = io.BytesIO()
    np.save(content, np.full(shape, value, kind), allow_pickle=True)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (array(np.float64), "expected an array of float32, shape (1, 2, 2)"),
        (array(shape=(4,)), "expected an array of float32"),
        (array(value=1.5), "expected numbers in [0, 1]"),
        (array(value=np.nan), "expected numbers in [0, 1]"),
        (array(object), "expected an array of float32"),
        (b"no array", "expected an array of float32"),
        (b"x" * 5000, "larger than"),
        (None, "it is not there"),
    ],
)
def test_arrays_that_fit_their_hash_but_are_none_are_refused(path, content, words):
    import hashlib

    data = json.loads(path.read_text())
    shown = data["units"][0]["minimum"]
    if content is None:
        shown["point"] = "gone.npy"
    else:
        shown["sha256"] = hashlib.sha256(content).hexdigest()
        (path.parent / shown["point"]).write_bytes(content)
    report = check_shown(json.dumps(data).encode(), path)
    (fault,) = [f for f in report.findings if f.verdict != "PROVED"]
    assert fault.verdict == "REFUTED" and words in fault.reason


@pytest.mark.parametrize(
    "name", ["../unit.npy", "/tmp/unit.npy", "a/b.npy", ".npy", "unit.png", "", 3]
)
def test_a_point_is_a_file_beside(path, name):
    data = json.loads(path.read_text())
    data["units"][0]["minimum"]["point"] = name
    with pytest.raises(
        InvalidInput, match=r"expected the name of a \.npy file beside the shown-file"
    ):
        parse(json.dumps(data).encode())


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"format": "trompe witness"}', b"\xff", b'{"format": "trompe shown"}'],
)
def test_what_is_no_shown_file_is_one_line(content):
    with pytest.raises(InvalidInput) as error:
        parse(content)
    assert "\n" not in str(error.value)


# -- on the command line ---------------------------------------------------------------------------------


def call(capsys, *arguments):
    status = run([str(a) for a in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_check_reads_it(path, capsys):
    status, out, err = call(capsys, "check", path)
    assert (status, err) == (
        0,
        "",
    ) and "5 of 5 claims proved: a shown-file for 2 of 2 units of layer 'conv'" in out
    (path.parent / "unit-3-minimum.npy").write_bytes(array())
    status, out, _ = call(capsys, "check", path)
    assert status == 1 and "REFUTED  unit 3, minimum" in out
    status, _, err = call(capsys, "check", path, "--images", "images")
    assert status == 2 and "are for --model" in err


BOUND = ("bound", "--class", "lipschitz", "--constant", "4", "--metric", "l1")


def test_bound_reads_it_with_its_errors_as_noise(path, capsys):
    asked = (*BOUND, "--query", "0,1/2,0,0", "--tolerance", "1/2", "--format", "json")
    status, out, err = call(capsys, *asked, "--shown", path, "--unit", 3)
    assert (status, err) == (0, "")
    by_hand = (
        *asked, "--noise", "0.001", "--argmin", "0,1/4,0,0", "--argmax", "1,3/4,1,1",
        "--min", value_of(3, np.array([0, 0.25, 0, 0])), "--max", value_of(3, np.array([1, 0.75, 1, 1])),
    )  # fmt: skip
    found = json.loads(out)
    assert "near-extremes at best" in found.pop("note")
    assert found == json.loads(call(capsys, *by_hand)[1])
    status, out, _ = call(capsys, *asked[:-1], "text", "--shown", path, "--unit", 17)
    flat = " ".join(out.split())
    assert (
        "The two points are an optimiser's pictures of unit 17 of layer 'conv' of net.py:build: near-extremes at best"
        in flat
    )
    assert "enclosure (certified, by interval bounds)" in flat


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--shown", "shown.json", "--unit", "3"], "near-extremes at best; give --tolerance"),
        (["--shown", "shown.json", "--tolerance", "1"], "the shown-file has 2 units (3, 17); name one"),
        (["--shown", "shown.json", "--tolerance", "1", "--unit", "4"], "unit 4: the shown-file has the units 3, 17"),
        (["--shown", "shown.json", "--tolerance", "1", "--unit", "3", "--noise", "1"], "--noise: the shown-file says it"),
        (["--shown", "shown.json", "--tolerance", "1", "--unit", "3", "--min", "1"], "--min: the shown-file says it"),
        (["--shown", "gone.json", "--tolerance", "1"], "gone.json: it is not there"),
        (["--argmin", "0", "--argmax", "1", "--min", "0"], "--max is missing"),
        (["--argmin", "0", "--argmax", "1", "--min", "0", "--max", "1", "--unit", "3"], "--unit: is for --shown FILE"),
    ],
)  # fmt: skip
def test_bad_options_are_one_line(path, capsys, monkeypatch, options, words):
    monkeypatch.chdir(path.parent)
    status, out, err = call(capsys, *BOUND, "--query", "1/2", *options)
    assert (status, out, err.count("\n")) == (2, "", 1) and words in err, err


def test_limits_that_a_natural_image_passes_are_refused(path, capsys):
    """Its value is one of the unit's, so that no unit of any class has those limits."""
    data = json.loads(path.read_text())
    unit = data["units"][0]
    highest = Fraction(unit["maximum"]["value"])
    unit["natural_maximum"] |= {"value": str(highest + 1), "error": "1/8"}
    path.write_text(json.dumps(data))
    asked = (*BOUND, "--query", "1/2", "--shown", path, "--unit", 3)
    status, _, err = call(capsys, *asked, "--tolerance", "1/2")
    assert status == 2 and "the natural image lit/3.png has the value" in err
    assert (
        "widen it, or the tolerance, by at least 0.374" in err
    )  # 1 - 1/8 - 1/2 - the noise of 1/1000
    status, out, _ = call(capsys, *asked, "--tolerance", "7/8")
    assert status == 0 and "more than the optimiser's" in " ".join(out.split())
    unit["natural_minimum"]["value"] = "1.5"  # the optimiser's is 2.5
    path.write_text(json.dumps(data))
    status, _, err = call(capsys, *asked, "--range", f"2.4:{highest + 1}")
    assert status == 2 and "the natural image dim/1.png has the value" in err


def test_a_damaged_array_or_an_unknown_error_is_not_a_bound(path, capsys):
    data = json.loads(path.read_text())
    data["units"][0]["maximum"] |= {"kind": "unknown", "error": None}
    path.write_text(json.dumps(data))
    asked = (*BOUND, "--query", "1/2", "--tolerance", "1", "--shown", path, "--unit")
    assert "the error of the maximum of unit 3 is not known" in call(capsys, *asked, 3)[2]
    (path.parent / "unit-17-minimum.npy").write_bytes(array())
    status, _, err = call(capsys, *asked, 17)
    assert status == 2 and "its SHA-256 is" in err


def test_no_torch_is_needed(path):
    """Reading, checking and bounds, where PyTorch cannot be imported."""
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from trompe.cli import run\n"
        "assert run(['check', sys.argv[1]]) == 0\n"
        "assert run(['bound', '--class', 'black-box', '--shown', sys.argv[1], '--unit', '3', '--tolerance', '1', '--query', '1/2']) == 0\n"
        "assert run(['check', sys.argv[1], '--model', 'net.py:build']) == 2\n"
        "assert run(['visualize', '--model', 'net.py:build', '--images', 'x', '--output', 'out']) == 2\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=path.parent,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("\n") == done.stderr.count("trompe[empirical]") == 2
    assert not (path.parent / "out").exists()
