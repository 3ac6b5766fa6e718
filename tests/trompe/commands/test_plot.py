"""Pictures: one per theorem, in every format, without half-written files."""

from __future__ import annotations

import pytest

from trompe.cli import run
from trompe.theory import THEOREMS

pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install 'trompe[plot]'")


@pytest.mark.parametrize("key", [k for k in THEOREMS if k.endswith("/side")])
def test_every_row_can_be_drawn(key, tmp_path):
    target = tmp_path / "pair.png"
    assert run(["plot", key, "--output", str(target)]) == 0
    assert target.read_bytes().startswith(b"\x89PNG") and target.stat().st_size > 10_000
    assert [p.name for p in tmp_path.iterdir()] == ["pair.png"]


@pytest.mark.parametrize(
    ("suffix", "magic"), [(".png", b"\x89PNG"), (".pdf", b"%PDF"), (".svg", b"<?xml")]
)
def test_formats_repeat_byte_for_byte(suffix, magic, tmp_path):
    first, again = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    for target in (first, again):
        assert run(["plot", "convex/approx", "--dim", "2", "--output", str(target)]) == 0
    assert first.read_bytes().startswith(magic)
    assert first.read_bytes() == again.read_bytes()


def test_f_and_g_as_drawn_meet_at_the_extremes_and_part_at_the_query(monkeypatch, tmp_path):
    import matplotlib.pyplot as plt

    drawn = {}
    monkeypatch.setattr(plt, "close", lambda figure: drawn.update(axes=figure.axes[0]))
    assert run(["plot", "monotone/exact", "--output", str(tmp_path / "p.png")]) == 0
    lines = {line.get_label(): line.get_xydata() for line in drawn["axes"].get_lines()}
    f, g = lines["f"], lines["g"]
    assert f[0, 1] == g[0, 1] == 0 and abs(f[-1, 1] - 1) < 1e-12 and abs(g[-1, 1] - 1) < 1e-12
    middle = len(f) // 2
    assert f[middle, 1] - g[middle, 1] == pytest.approx(0.9)
    monkeypatch.undo()
    plt.close("all")
