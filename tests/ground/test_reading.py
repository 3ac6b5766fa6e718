"""Reading: regular files up to a limit; everything else is refused at once."""

from __future__ import annotations

import io
import os
import sys
from types import SimpleNamespace

import pytest
from nodes import ZERO, device, fifo, within

from trompe.ground.reading import (
    TooLarge,
    Unreadable,
    check_file,
    json_data,
    read_file,
    read_input,
    text_of,
)


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


JSON = {
    b" \n": "it is empty",
    b"{": "not JSON: Expecting property name",
    b"{} {}": "not JSON: Extra data",
    b"\xef\xbb\xbf{}": "not JSON: Unexpected UTF-8 BOM",
    b'{"a": 1'.decode().encode("utf-16"): "not UTF-8 text (byte 0)",
    b"[\xff]": "not UTF-8 text (byte 1)",
    b"[" * 10**5 + b"]" * 10**5: "nests brackets more than 100 deep",
    b'[{"a": 1, "b": 2, "a": 1}]': "the name 'a' occurs twice in one object",
    b'{"\\ud800": 1, "\\ud800": 2}': "occurs twice",
    b"[" + b"9" * 5000 + b"]": "an integer of 5000 digits; at most 18",
    b"[NaN]": "the number NaN, which is no finite one",
    b"[-Infinity]": "the number -Infinity",
    b"[1e999]": "the number 1e999",
    b"[01]": "not JSON",
    b"['a']": "not JSON",
    b'["a\n"]': "not JSON: Invalid control character",
    b'["' + b"a" * 1000 + b'"]': "larger than 1000 bytes",
}


@pytest.mark.parametrize("content", JSON, ids=JSON.values())
def test_json_that_is_none_or_beyond_a_limit_is_one_line(content):
    limit = 1000 if "larger" in JSON[content] else 2**20
    with within(20), pytest.raises(Unreadable) as error:
        json_data(content, limit)
    said = str(error.value)
    assert JSON[content] in said and len(said) < 200 and said.isprintable()


def test_json_within_the_limits_is_read():
    assert json_data(b'{"a": [1, 0.5, "[[", null, true]}', 99) == {"a": [1, 0.5, "[[", None, True]}
    assert json_data(b"[" * 100 + b"]" * 100, 999) and json_data(b"[" * 3 + b"]" * 3, 9, 3)
    with pytest.raises(Unreadable, match="more than 2 deep"):
        json_data(b"[[[]]]", 9, 2)
    assert text_of("\u00e9".encode()) == "\u00e9"
