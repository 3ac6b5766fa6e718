"""`trompe reproduce`: what it prints, and what an interrupt leaves."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)


from typer.testing import CliRunner

from trompe.cli import app
from trompe.commands import reproduce


def test_a_warning_is_one_line_on_the_command_line(capsys):
    import warnings

    with reproduce._warnings_in_one_line():
        warnings.simplefilter("default")
        warnings.warn("cache/x is damaged (bad\nheader); it is being rebuilt", stacklevel=1)
    assert (
        capsys.readouterr().err == "trompe: cache/x is damaged (bad header); it is being rebuilt\n"
    )


def test_what_reproduce_prints(tmp_path, monkeypatch):
    from trompe.empirical.experiments import runner

    def run(*_args, done, **_kwargs):
        met, failed = ({"name": "n", "acceptance": {"met": m}} for m in (True, False))
        witnesses = {
            "a": {"measurements": [met, met], "accepted": True, "missed": []},
            "b": {"measurements": [{"name": "n"}], "accepted": None, "missed": []},
            "c": {"measurements": [met, failed], "accepted": False, "missed": ["n"]},
        }
        for key, witness in witnesses.items():
            done(key, witness, key == "a")
        return {key: witnesses[key] for key in kept}

    monkeypatch.setattr(runner, "reproduce", run)
    kept = "abc"
    result = CliRunner().invoke(app, ["reproduce", "all", "--output", str(tmp_path)])
    lines = result.output.splitlines()
    assert lines[0] == "a: 2 of 2 acceptances met, accepted (already there)"
    assert lines[2] == "b: measured, held to nothing on these data"
    assert lines[4] == "c: 1 of 2 acceptances met, MISSED: n"
    assert result.exit_code == 1
    kept = "ab"
    assert CliRunner().invoke(app, ["reproduce", "--output", str(tmp_path)]).exit_code == 0


def test_an_interrupt_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    from trompe.cli import run
    from trompe.empirical.experiments import runner

    def interrupted(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "reproduce", interrupted)
    assert run(["reproduce", "all", "--output", str(tmp_path)]) == 130
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("trompe: interrupted; finished experiments and trained weights are kept")
    assert line.endswith("the same command goes on from there")
