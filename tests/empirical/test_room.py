"""What the room offers, and that asking for it does not import torch."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import subprocess
import sys


def test_the_room_and_its_commands_do_not_import_torch():
    code = "import sys, trompe.empirical, trompe.cli; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-P", "-c", code], check=False).returncode == 0


def test_all_is_what_can_be_imported():
    import trompe.empirical as room

    assert set(room.__all__) == set(room._HOME)
    for name in room.__all__:
        assert getattr(room, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        room.nothing  # noqa: B018
