"""Tensors cached in files under a key of what made them; JSON files."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from trompe.empirical._torch import torch
from trompe.ground.files import write_file
from trompe.theory import MissingDependency

REVISION = 5
"""Part of every key: raise it when a change of code changes what is cached."""


def json_text(value: Any) -> str:
    """`value` as indented JSON with a final newline; NaN is refused."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def json_sha256(value: Any) -> str:
    """Hash of JSON data, whatever the order of its names."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def state_sha256(state: Mapping[str, torch.Tensor]) -> str:
    """Hash of names, shapes, types and bytes, in the order of names."""
    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()


class TensorCache:
    """Named tensors in safetensors files, keyed by everything that determines them.

    A damaged file is rebuilt, with a warning. Pickles are never read.
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        if folder is None:
            folder = os.environ.get("TROMPE_CACHE") or _platform_folder()
        self.folder = Path(folder).expanduser()
        self.hits = 0
        """How often `load` found something."""

    def path(self, kind: str, key: Mapping[str, Any]) -> Path:
        """Where the tensors of this key lie."""
        full = {"revision": REVISION, "torch": torch.__version__.split("+")[0], **key}
        return self.folder / f"{kind}-{json_sha256(full)[:20]}.safetensors"

    def load(self, kind: str, key: Mapping[str, Any]) -> dict[str, torch.Tensor] | None:
        """The tensors of this key, or None where they are missing or damaged."""
        load_file, _ = _safetensors()
        path = self.path(kind, key)
        if not path.is_file():
            return None
        try:
            tensors: dict[str, torch.Tensor] = load_file(path)
            stated = tensors.pop("__sha256__", None)
            if stated is None or bytes(stated.tolist()).hex() != state_sha256(tensors):
                raise ValueError("its checksum is wrong")
        except Exception as error:  # safetensors raises its own kind for a damaged header
            warnings.warn(f"{path} is damaged ({error}); it is being rebuilt", stacklevel=2)
            return None
        self.hits += 1
        return tensors

    def store(self, kind: str, key: Mapping[str, Any], state: Mapping[str, torch.Tensor]) -> None:
        """Write the tensors of this key."""
        _, save = _safetensors()
        tensors = {name: t.detach().cpu().contiguous().clone() for name, t in state.items()}
        digest = bytes.fromhex(state_sha256(tensors))
        tensors["__sha256__"] = torch.tensor(list(digest), dtype=torch.uint8)
        write_file(self.path(kind, key), save(tensors), parents=True)

    def discard(self, kind: str, key: Mapping[str, Any]) -> None:
        """Forget this key."""
        self.path(kind, key).unlink(missing_ok=True)

    def get(
        self,
        kind: str,
        key: Mapping[str, Any],
        build: Callable[[], Mapping[str, torch.Tensor]],
    ) -> dict[str, torch.Tensor]:
        """The tensors of this key, built and stored where they are missing."""
        found = self.load(kind, key)
        if found is not None:
            return found
        built = {name: t.detach().cpu().contiguous() for name, t in build().items()}
        self.store(kind, key, built)
        return built


class Uncached(TensorCache):
    """Builds everything, and keeps nothing."""

    def __init__(self) -> None:
        super().__init__(".")

    def load(self, kind: str, key: Mapping[str, Any]) -> None:
        """Nothing is there."""

    def store(self, kind: str, key: Mapping[str, Any], state: Mapping[str, torch.Tensor]) -> None:
        """Nothing is kept."""


def _platform_folder() -> str:
    try:
        import platformdirs
    except ImportError as error:
        raise MissingDependency(
            "platformdirs is not installed; it comes with: pip install 'trompe[empirical]'"
        ) from error
    return platformdirs.user_cache_dir("trompe")


def _safetensors() -> tuple[Any, Any]:
    try:
        from safetensors.torch import load_file, save
    except ImportError as error:
        raise MissingDependency(
            "safetensors is not installed; it comes with: pip install 'trompe[empirical]'"
        ) from error
    return load_file, save
