"""Memory that is freed and soon taken again, over and over."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from functools import cache


@cache
def keep_freed_memory() -> None:
    """Let the C library keep what this process frees, up to 256 MB an arena, in place of giving it back to the kernel.

    Taken again it comes page by page, each page cleared: a third of Z3's time (a fresh context takes 8 MB and frees them at its end), and a tenth
    of that of large pictures in a network. Blocks above 32 MB go back all the same. Only glibc has this setting; elsewhere
    nothing but that time is lost.
    """
    with suppress(OSError, AttributeError, TypeError):
        setting = ctypes.CDLL(None).mallopt
        setting(-1, 1 << 28)  # M_TRIM_THRESHOLD
        setting(-3, 1 << 25)  # M_MMAP_THRESHOLD, at its largest
