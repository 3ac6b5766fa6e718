"""Reading: regular files up to a limit; everything else is refused at once."""

from __future__ import annotations

import io
import os
import sys
from types import SimpleNamespace

import pytest
from nodes import ZERO, device, fifo, within

from trompe.ground.reading import TooLarge, Unreadable, check_file, read_file, read_input


def test_a_file_is_read_whole_also_behind_a_link(tmp_path):
    path, link = tmp_path / "x", tmp_path / "link"
    path.write_bytes(b"12345")
    link.symlink_to(path)
    assert read_file(path, 5) == read_file(link, 5) == read_input(str(link), 5) == b"12345"
    check_file(link, 5)
    with pytest.raises(Unreadable, match="a symbolic link"):
        read_file(link, 5, follow_links=False)
    for read in (read_file, check_file):
        with pytest.raises(TooLarge, match="larger than 4 bytes"):
            read(path, 4)


def test_a_file_that_does_not_tell_its_size_is_cut_off(tmp_path, monkeypatch):
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    real = os.fstat

    def small(handle):
        status = list(real(handle))
        status[6] = 0
        return os.stat_result(status)

    monkeypatch.setattr(os, "fstat", small)
    monkeypatch.setattr(os, "stat", lambda *_, **__: SimpleNamespace(st_mode=0o100644, st_size=0))
    with pytest.raises(TooLarge):
        read_file(path, 4)


def test_what_is_no_regular_file_is_refused_at_once(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    cases = {
        "it is not there": tmp_path / "none",
        "but a folder": tmp_path,
        "but a FIFO": fifo(tmp_path / "f"),
        "Too many levels": tmp_path / "a",
        "Not a directory": tmp_path / "a file" / "x",
        "such a name": tmp_path / "\0",
        "but a character device": device(tmp_path / "zero", ZERO),
    }
    (tmp_path / "a file").write_text("")
    with within(20):
        for words, path in cases.items():
            for read in (read_file, check_file):
                with pytest.raises(Unreadable, match=words):
                    read(path, 100)


def test_a_file_that_turns_into_a_fifo_meanwhile_does_not_block(tmp_path, monkeypatch):
    path = fifo(tmp_path / "f")
    monkeypatch.setattr(os, "stat", lambda *_, **__: SimpleNamespace(st_mode=0o100644, st_size=0))
    with within(20), pytest.raises(Unreadable, match="but a FIFO"):
        read_file(path, 100)


def test_a_dash_is_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"12345")))
    assert read_input("-", 5) == b"12345"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"12345")))
    with pytest.raises(TooLarge):
        read_input("-", 4)
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(Unreadable, match="standard input is closed"):
        read_input("-", 4)
