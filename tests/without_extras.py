"""Run by the core environment's Python, where no extra and no test runner is installed.

What must work there works; what needs an extra says in one line which, with exit status 2.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path

OPTIONAL = ("torch", "matplotlib", "hypothesis", "pytest", "scipy")


def trompe(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "trompe", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def main() -> int:
    present = [name for name in OPTIONAL if importlib.util.find_spec(name)]
    assert not present, f"this environment is not bare: {present}"
    checked = 0

    done = trompe("table", "--format", "json")
    assert done.returncode == 0, done.stderr
    cells = [cell for row in json.loads(done.stdout)["rows"] for cell in row["cells"].values()]
    assert len(cells) == 30
    assert all(cell["verdict"] == "PROVED" and cell["agrees"] for cell in cells)
    checked += 1

    for arguments in (
        "bound --class convex --argmin 1/4,1/4 --argmax 1,1 --min 0 --max 1 --query 7/8,1/2",
        "witness monotone/side --format json",
        "cite monotone/side",
    ):
        done = trompe(*arguments.split())
        assert done.returncode == 0 and done.stdout and not done.stderr, (arguments, done)
        checked += 1

    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "pair.png"
        done = trompe("plot", "monotone/side", "--output", str(picture))
        assert done.returncode == 2, done
        assert done.stderr.count("\n") == 1, done.stderr
        assert "trompe[plot]" in done.stderr, done.stderr
        assert not picture.exists()
    checked += 1

    with tempfile.TemporaryDirectory() as folder:
        done = trompe("reproduce", "erm-witness", "--output", f"{folder}/out")
        assert done.returncode == 2, done
        assert done.stderr.count("\n") == 1, done.stderr
        assert "trompe[empirical]" in done.stderr, done.stderr
        assert not any(Path(folder).iterdir())
    checked += 1

    with tempfile.TemporaryDirectory() as folder:
        asked = f"--model {folder}/net.py:build --images {folder} --output {folder}/out"
        done = trompe("visualize", *asked.split())
        assert done.returncode == 2, done
        assert done.stderr.count("\n") == 1 and "trompe[empirical]" in done.stderr, done.stderr
        assert not any(Path(folder).iterdir())
    checked += 1

    code = (
        "from trompe import *\n"
        "case = example('monotone', 2)\n"
        "f, g = pair_networks(triple(case.cls, case.v, case.x).pair())\n"
        "try:\n    f.to_torch()\n"
        "except MissingDependency as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "trompe[empirical]" in done.stdout, done.stdout
    checked += 1

    print(f"{checked} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
