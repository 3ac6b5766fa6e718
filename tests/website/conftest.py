"""The site, built once for all of its tests; of several pytest processes one builds it, the others wait."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "website") not in sys.path:
    sys.path.insert(0, str(ROOT / "website"))


@pytest.fixture(scope="session")
def checked(outcomes):
    """All cells as `trompe table --format json` has them, made of these outcomes and the rows' random instances."""
    from trompe.proofs import verify
    from trompe.proofs.sampling import sample_row
    from trompe.views.table import as_json

    def known(keys, rows, *_):
        return {key: outcomes[key] for key in keys}, {
            row: sample_row(row, at) for row, at in rows.items()
        }

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "_check", known)
        return as_json(verify.verify_table(levels="all", extended=True))


@pytest.fixture(scope="session")
def site(request, tmp_path_factory, checked):
    """The folder of the built site."""
    import fcntl

    for package in ("sphinx", "myst_parser", "furo", "latex2mathml", "sphinx_copybutton", "torch"):
        pytest.importorskip(package, reason=f"{package} is not installed; the extra `site` has it")
    import building

    place = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):  # one of several
        place = place.parent
    with (place / "site-built").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not (place / "site").exists():
            status = building.build(place / "site", checked)
            assert status == 0, "Sphinx complains; its lines stand above"
    return place / "site"


@pytest.fixture(scope="session")
def cells(checked):
    """The checked cells by their keys."""
    return {cell["key"]: cell for row in checked["rows"] for cell in row["cells"].values()}


@pytest.fixture(scope="session")
def small(checked):
    """The same as text, so that a test may change a copy."""
    return lambda: json.loads(json.dumps(checked))
