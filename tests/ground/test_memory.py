"""Freed memory is kept: taken again it costs no page, and without the setting it costs every one."""

from __future__ import annotations

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
PAGES = 15 * (20 << 20) // 4096
"""Of all that is taken again, where a page has its usual 4096 bytes."""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has the setting")
def test_memory_that_is_taken_again_costs_no_pages_where_it_is_kept():
    def faults(*given: str) -> int:
        ran = subprocess.run(
            [sys.executable, "-P", "-c", LOOK, *given], capture_output=True, text=True, check=True
        )
        return int(ran.stdout)

    assert faults("kept") < PAGES / 10
    assert faults() > PAGES / 4  # the planted fault: without the setting
