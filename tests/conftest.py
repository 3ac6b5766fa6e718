"""One Hypothesis profile for all tests, and the folder of the shared helpers on the import path."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A run that a shell put into the background; programs that are started here must still see Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)

HERE = Path(__file__).parent
for folder in (HERE, HERE / "constructions", HERE / "proofs", HERE / "proofs" / "handover"):
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
