"""Freed memory is kept: taken again it costs no page, and without the setting it costs every one."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

LOOK = """
import resource, sys
from trompe.ground.memory import keep_freed_memory

if "kept" in sys.argv:
    keep_freed_memory()
    keep_freed_memory()

def pages():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def several():
    return [bytearray(20 << 20) for _ in range(5)]

several()
before = pages()
for _ in range(3):
    several()
print(pages() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has the setting")
def test_memory_that_is_taken_again_costs_no_pages_where_it_is_kept():
    """Without the setting is the planted fault. Pages may be of any size, so the two are compared with each other."""
    outside = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_"))}

    def faults(*given: str) -> int:
        ran = subprocess.run(
            [sys.executable, "-P", "-c", LOOK, *given], capture_output=True, text=True, check=True, env=outside
        )  # fmt: skip
        return int(ran.stdout)

    assert 10 * faults("kept") < faults()
