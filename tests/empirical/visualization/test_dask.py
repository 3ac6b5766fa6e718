"""docs/visualize.md, several machines: its script runs as printed, on a cluster of two processes."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)
pytest.importorskip(
    "dask.distributed", reason="a cluster needs Dask: pip install 'dask[distributed]'"
)

import os
import runpy
import subprocess
import sys
from pathlib import Path

from pages import files

import trompe.empirical as te

PAGE = Path(__file__).parents[3] / "docs" / "visualize.md"
ELSEWHERE = """
import runpy, sys
from trompe.empirical.maximization.best import Ascents

def here(*_):
    raise AssertionError("a job runs in the process that asks")

Ascents.best = here
sys.path.insert(0, ".")
runpy.run_path("cluster.py", run_name="__main__")
"""
"""The page's script, in a process that does no job itself."""


def run(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=folder, env=env, check=False, capture_output=True, text=True
    )  # fmt: skip


def test_a_cluster_gives_the_bits_of_one_process(tmp_path):
    for name, content in files(PAGE.read_text(encoding="utf-8")).items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    done = run(tmp_path, ELSEWHERE)
    assert done.returncode == 0, done.stderr[-2000:]
    model = runpy.run_path(str(tmp_path / "net.py"))["build"]()
    given = {"images": te.open_images("digits"), "batch": 3, "steps": 64, "show": False}
    te.visualize(model, "conv", [0, 3, 4], output=tmp_path / "here", **given)
    names = sorted(path.name for path in (tmp_path / "here").iterdir())
    assert len(names) == 8  # two arrays a unit, the sheet and the shown-file
    assert names == sorted(path.name for path in (tmp_path / "far").iterdir())
    for name in names:
        here, far = ((tmp_path / folder / name).read_bytes() for folder in ("here", "far"))
        assert here == far, name


def test_a_job_of_the_process_that_asks_is_noticed(tmp_path):
    alone = "import torch\nimport trompe.empirical as te\nte.visualize(torch.nn.Identity().eval(), '', [0], shape=(1, 2, 2))"
    done = run(tmp_path, ELSEWHERE.replace(ELSEWHERE.splitlines()[-1], alone))
    assert done.returncode == 1 and "a job runs in the process that asks" in done.stderr
