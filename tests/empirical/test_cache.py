"""Tensors in files: damage, keys, places that cannot be written."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import stat
import warnings

from nodes import device, fifo, within

from trompe.empirical import cache as cache_module
from trompe.empirical.cache import TensorCache
from trompe.theory import InvalidInput


def test_cache_rebuilds_damaged_files_and_says_so(tmp_path):
    cache = TensorCache(tmp_path)
    built = []

    def build_it():
        built.append(1)
        return {"x": torch.arange(4.0)}

    cache.get("kind", {"a": 1}, build_it)
    assert cache.get("kind", {"a": 1}, build_it)["x"].tolist() == [0, 1, 2, 3]
    assert len(built) == 1
    path = cache.path("kind", {"a": 1})
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1  # one bit of a weight
    path.write_bytes(raw)
    with pytest.warns(UserWarning, match="is damaged"):
        assert cache.get("kind", {"a": 1}, build_it)["x"].tolist() == [0, 1, 2, 3]
    path.write_bytes(b"\x80\x04not safetensors")  # a pickle is not read
    with pytest.warns(UserWarning, match="is damaged"):
        cache.get("kind", {"a": 1}, build_it)
    assert len(built) == 3
    assert cache.path("kind", {"a": 2}) != path


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(InvalidInput, match="cannot be written"):
        TensorCache(tmp_path / "file").store("kind", {}, {"x": torch.zeros(1)})
    assert (tmp_path / "file").read_text() == "kept"


def test_the_cache_key_holds_torch_and_the_revision(tmp_path, monkeypatch):
    cache = TensorCache(tmp_path)
    before = cache.path("kind", {})
    monkeypatch.setattr(cache_module, "REVISION", 99)
    assert cache.path("kind", {}) != before
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cache.load("kind", {}) is None


def test_a_cache_replaces_no_device_and_follows_links(tmp_path):
    cache = TensorCache(tmp_path / "cache")
    cache.store("kind", {"a": 1}, {"x": torch.zeros(1)})
    path = cache.path("kind", {"a": 1})
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    cache.store("kind", {"a": 1}, {"x": torch.ones(1)})
    assert path.is_symlink() and cache.load("kind", {"a": 1})["x"].tolist() == [1]
    path.unlink()
    device(path)
    cache.store("kind", {"a": 1}, {"x": torch.ones(1)})
    assert stat.S_ISCHR(path.stat().st_mode) and cache.load("kind", {"a": 1}) is None
    path.unlink()
    fifo(path)
    with within(20), pytest.raises(InvalidInput, match="a FIFO that nobody reads"):
        cache.store("kind", {"a": 1}, {"x": torch.ones(1)})
    assert cache.load("kind", {"a": 1}) is None
