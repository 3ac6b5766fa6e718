"""One Hypothesis profile, the shared helpers on the import path, and every obligation solved once a session."""

from __future__ import annotations

import pickle
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A run that a shell put into the background; programs that are started here must still see Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)

HERE = Path(__file__).parent
for folder in (
    HERE,
    HERE / "constructions",
    HERE / "proofs",
    HERE / "proofs" / "handover",
    HERE / "empirical",
):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

settings.register_profile(
    "trompe",
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=False,  # on by default where CI is set, and the pages show what is printed
    max_examples=25,
    suppress_health_check=[
        HealthCheck.too_slow
    ],  # time is bounded by max_examples; machines differ
)
settings.load_profile("trompe")


@pytest.fixture(scope="session")
def outcomes(request, tmp_path_factory):
    """Every obligation and identity by key; of several pytest processes one solves them, the others wait."""
    import fcntl

    from trompe.proofs.verify import all_keys, verify_keys

    place = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):  # one of several
        place = place.parent
    with (place / "outcomes").open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not file.tell():
            file.write(pickle.dumps(verify_keys(all_keys())))
            file.flush()
        file.seek(0)
        return pickle.load(file)


@pytest.fixture(scope="session")
def table(outcomes):
    """The table of the paper's ten rows, made of these outcomes and of the rows' random instances."""
    from trompe.proofs import verify
    from trompe.proofs.sampling import sample_row

    def known(keys, rows, *_):
        return {key: outcomes[key] for key in keys}, {
            row: sample_row(row, at) for row, at in rows.items()
        }

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "_check", known)
        return verify.verify_table()
