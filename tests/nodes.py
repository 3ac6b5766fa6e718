"""Nodes that are no files, made for a test: devices, FIFOs with and without a reader, streams that are full."""

from __future__ import annotations

import os
import select
import signal
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NULL, ZERO, FULL = 3, 5, 7


def device(path: Path, minor: int = NULL) -> Path:
    """A character device of the kernel's memory driver, as null, zero and full are."""
    return _node(path, stat.S_IFCHR, os.makedev(1, minor))


def block_device(path: Path) -> Path:
    """A block device that no driver answers for."""
    return _node(path, stat.S_IFBLK, os.makedev(7, 255))


def _node(path: Path, kind: int, number: int) -> Path:
    try:
        os.mknod(path, kind | 0o600, number)
        if kind == stat.S_IFCHR:
            os.close(os.open(path, os.O_WRONLY))
    except OSError as error:
        pytest.skip(f"device nodes cannot be made or used here ({error.strerror})")
    return path


def fifo(path: Path) -> Path:
    """A FIFO that nobody has open."""
    os.mkfifo(path)
    return path


@contextmanager
def reader(path: Path) -> Iterator[list[bytes]]:
    """Somebody who reads the FIFO to its end, once; what it got is there after the block."""
    got: list[bytes] = []
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    is_over = threading.Event()

    def read() -> None:
        # A FIFO that nobody has written to reads as one at its end; only poll tells that its writer has left.
        waiting = select.poll()
        waiting.register(handle, select.POLLIN)
        parts: list[bytes] = []
        while True:
            last = is_over.is_set()  # before the look, so that nothing comes in between
            seen = dict(waiting.poll(20)).get(handle, 0)
            if seen & select.POLLIN:
                parts.append(os.read(handle, 1 << 16))
            elif seen & select.POLLHUP or last:
                break
        os.close(handle)
        got.append(b"".join(parts))

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield got
    finally:
        is_over.set()
        thread.join(20)


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Fail instead of hanging, with what no `except Exception` on the way takes for an error of its own."""

    def late(*_: object) -> None:
        pytest.fail(f"still busy after {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
