"""The reader of pickled arrays: what it reads, and what somebody might plant in a pickle."""

from __future__ import annotations

import pytest

pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import os
import pickle
import struct
import time
import tracemalloc

import numpy as np

from trompe.empirical.imagenet.pickled import MAX_BYTES, read_arrays, unpickled
from trompe.ground.reading import Unreadable

ARRAYS = {
    "conv": [np.arange(24, dtype=np.float32).reshape(2, 3, 4), np.ones(3, dtype=np.float32)],
    "turned": [np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3))],
}


def start(protocol=3):
    """What every pickle of an array begins with, until its shape."""
    return (
        b"\x80%c}X\x01\x00\x00\x00a]cnumpy.core.multiarray\n_reconstruct\n" % protocol
        + b"cnumpy\nndarray\n"
    )


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_arrays_are_read_as_pickle_reads_them(protocol):
    content = pickle.dumps(ARRAYS, protocol)
    if protocol in (2, 5):  # bytes as text by _codecs.encode; arrays by another function
        with pytest.raises(Unreadable, match=r"asks for '(_codecs\.encode|numpy.*_frombuffer)'"):
            unpickled(content)
        return
    found = unpickled(content)
    assert list(found) == list(ARRAYS)
    for name, arrays in ARRAYS.items():
        for mine, theirs in zip(found[name], arrays, strict=True):
            assert mine.dtype == np.float32
            assert np.array_equal(mine, theirs)


def test_both_names_of_numpys_module_are_read():
    content = pickle.dumps(ARRAYS, 3)
    old = content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    assert old != content.replace(b"numpy.core.multiarray", b"numpy._core.multiarray")
    assert list(unpickled(old)) == list(ARRAYS)


class Planted:
    """Pickles as the call of a function."""

    def __init__(self, function, *arguments):
        self.made = function, arguments

    def __reduce__(self):
        return self.made


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    ("function", "arguments", "named"),
    [
        (os.system, ("touch planted",), "system"),
        (eval, ("1",), r"builtin.*\.eval"),
        (exec, ("raise SystemExit",), r"builtin.*\.exec"),
        (np.fromfile, ("/etc/passwd",), r"numpy\..*fromfile"),
        (np.load, ("x.npy", None, True), r"numpy\..*load"),
        (getattr, (os, "system"), r"builtin.*\.getattr|asks for"),
    ],
)
def test_every_other_global_is_refused_by_name(function, arguments, named, protocol, tmp_path):
    if arguments[0] is os:
        arguments = ("os", "system")
    path = tmp_path / "weights.pkl"
    path.write_bytes(pickle.dumps({"a": [Planted(function, *arguments)]}, protocol))
    if protocol == 0:  # a text, of which the first step is refused
        named = "has the step (DICT|PUT)"
    with pytest.raises(Unreadable, match=named) as caught:
        read_arrays(path)
    assert str(caught.value).isprintable()
    assert not os.path.exists("planted")


BOMBS = {
    "an array of 8 TB": start() + b"J\xff\xff\xff\x7f\x85C\x01b\x87R.",
    "a type of 1 TB": b"\x80\x03cnumpy\ndtype\nX\x0e\x00\x00\x00V1099511627776K\x00K\x01\x87R.",
    "an array by its class": b"\x80\x03cnumpy\nndarray\nJ\xff\xff\xff\x7f\x85\x85R.",
    "8 EB of bytes": b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"x.",
    "4 GB of bytes": b"\x80\x03B\xff\xff\xff\xff" + b"x.",
    "8 EB of a byte array": b"\x80\x05\x96" + struct.pack("<Q", 2**62) + b"x.",
    "keys whose hash takes for ever": b"\x80\x03}q\x00)q\x01"
    + b"".join(b"h%ch%c\x86q%c" % (k, k, k + 1) for k in range(1, 60))
    + b"K\x01s.",
    "deep lists": b"\x80\x03" + b"]" * 10_000 + b"a" * 9_999 + b".",
    "a list in itself": b"\x80\x03]q\x00h\x00a.",
    "copies of copies": b"\x80\x03]" + b"2" * 1000 + b".",
    "a persistent object": b"\x80\x03K\x01Q.",
    "an extension": b"\x80\x03\x82\x01.",
    "a class": b"\x80\x03(ios\nsystem\n.",
    "a long number": b"I" + b"9" * 100_000 + b"\n.",
    "nothing below": b"\x80\x03R.",
    "no end": b"\x80\x03}",
    "nothing": b"",
    "no pickle": b"PK\x03\x04" + bytes(100),
    "a number": b"\x80\x03K\x01.",
    "two things": b"\x80\x03K\x01K\x02.",
    "an array without numbers": start() + b"K\x00\x85C\x01b\x87Ras.",
    "another dtype": pickle.dumps({"a": [np.ones(3)]}, 3),
    "objects": pickle.dumps({"a": [np.array([None, print], dtype=object)]}, 3),
    "a record": pickle.dumps({"a": [np.zeros(2, dtype=[("x", "f4")])]}, 3),
    "no lists": pickle.dumps({"a": np.ones(3, dtype=np.float32)}, 3),
    "no axes": pickle.dumps({"a": [np.float32(3)]}, 3),
    "numbers for names": pickle.dumps({1: [np.ones(3, dtype=np.float32)]}, 3),
}


@pytest.mark.parametrize("content", BOMBS.values(), ids=BOMBS)
def test_what_would_hang_or_fill_memory_is_one_line(content):
    tracemalloc.start()
    try:
        begin = time.process_time()
        with pytest.raises(Unreadable) as caught:
            unpickled(content)
        assert time.process_time() - begin < 5
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()
    assert len(str(caught.value)) < 200
    assert str(caught.value).isprintable()


def test_a_place_in_memory_or_a_frame_that_is_not_there_costs_nothing():
    for content in (
        b"\x80\x03}r\xff\xff\xff\x7f.",  # with pickle's own machine 16 GB
        b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b"}.",
    ):
        tracemalloc.start()
        assert unpickled(content) == {}
        assert tracemalloc.get_traced_memory()[1] < 1e6
        tracemalloc.stop()


def test_a_shape_must_fit_its_bytes():
    content = pickle.dumps({"a": [np.ones(3, dtype=np.float32)]}, 3)
    assert len(unpickled(content)["a"][0]) == 3
    for side in (2, 4, 255):
        with pytest.raises(Unreadable, match="has 12 bytes"):
            unpickled(content.replace(b"K\x03\x85", b"K%c\x85" % side))


def test_cut_short_anywhere_it_is_one_line():
    content = pickle.dumps(ARRAYS, 3)
    for end in range(len(content)):
        with pytest.raises(Unreadable):
            unpickled(content[:end])


def test_a_changed_byte_is_arrays_or_one_line():
    content = pickle.dumps(ARRAYS, 3)
    for at in range(len(content)):
        for flip in (1, 0x80, 0xFF):
            changed = bytearray(content)
            changed[at] ^= flip
            try:
                found = unpickled(bytes(changed))
            except Unreadable:
                continue
            assert all(a.dtype == np.float32 for arrays in found.values() for a in arrays)


def test_only_files_up_to_a_limit_are_read(tmp_path):
    large = tmp_path / "large.pkl"
    with large.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    for path, why in (
        (large, "larger than"),
        (tmp_path, "a folder"),
        (tmp_path / "no", "not there"),
    ):
        with pytest.raises(Unreadable, match=why):
            read_arrays(path)
