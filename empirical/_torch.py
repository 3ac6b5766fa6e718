"""PyTorch, or one line that says which extra brings it; devices, threads and repeatability."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Annotated, Any

from trompe.ground.arguments import Integer, checked, listed, positive, unfit
from trompe.ground.errors import spelled
from trompe.ground.memory import keep_freed_memory
from trompe.theory import InvalidInput, MissingDependency

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read once, when CUDA starts

try:
    import torch
except ImportError as error:  # pragma: no cover - exercised where torch is absent
    raise MissingDependency(
        "torch is not installed; it comes with: pip install 'trompe[empirical]'"
    ) from error

__all__ = [
    "Axis",
    "Floats",
    "Images",
    "Rate",
    "Seed",
    "Shape",
    "Steps",
    "Unit",
    "at_once",
    "pick_device",
    "repeatable",
    "torch",
]


def floats(value: Any, what: str) -> torch.Tensor:
    """A tensor of floats with at least one axis and one entry."""
    is_floats = isinstance(value, torch.Tensor) and value.is_floating_point()
    if not is_floats or not value.ndim or not value.numel() or value.is_meta:
        raise unfit(what, value, "a tensor of floats that is not empty")
    found: torch.Tensor = value
    return found


def images(value: Any, what: str) -> torch.Tensor:
    """Images of shape (n, channels, height, width), n at least 1."""
    found = floats(value, what)
    if found.ndim != 4:
        raise InvalidInput(
            f"{what} has shape {tuple(found.shape)}; expected (n, channels, height, width)"
        )
    return found


def shape(value: Any, what: str) -> tuple[int, int, int]:
    """Channels, height and width of an image."""
    try:
        c, h, w = (Integer(1)(side, what) for side in listed(value, what))
    except (InvalidInput, ValueError):
        raise unfit(what, value, "(channels, height, width)") from None
    return c, h, w


Floats = Annotated[torch.Tensor, floats]
Images = Annotated[torch.Tensor, images]
Rate = Annotated[float, positive]
Shape = Annotated[tuple[int, int, int], shape]
Seed = Annotated[int, Integer(-(2**63), 2**64 - 1)]
"""What a generator of PyTorch's takes."""
Axis = Annotated[int, Integer(-64, 64)]
"""An axis of a tensor; negative ones count from the last."""
Unit = Annotated[int, Integer(0, 2**31)]
"""The number of an output, or of a unit of a layer."""
Steps = Annotated[int, Integer(1, 1_000_000)]
"""Steps, or images at a time."""


def at_once(shape: Sequence[int], most: int) -> int:
    """How many images of this shape are held at a time where nobody says: a million numbers, at most `most` images.

    With more, the outputs of large layers are larger than what `keep_freed_memory` keeps, and a network is slower.
    """
    return max(1, min(most, 2**20 // math.prod(shape)))


@checked
def pick_device(name: torch.device | str = "auto") -> torch.device:
    """`auto` (CUDA where there is one), `cpu`, `cuda` or `cuda:N` as a device; a device as it is.

    Raises
    ------
    InvalidInput : unknown name, or CUDA asked for and absent.
    """
    if isinstance(name, torch.device):
        return name
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InvalidInput(
            f"device = {spelled(name)} is unknown; expected auto, cpu, cuda or cuda:N"
        ) from None
    if device.type not in ("cpu", "cuda"):
        raise InvalidInput(
            f"device = {name!r} is not supported; expected auto, cpu, cuda or cuda:N"
        )
    if device.type == "cuda":
        if not torch.cuda.is_available():
            raise InvalidInput(
                f"device = {name!r}, but PyTorch {torch.__version__} sees no CUDA device here; use --device cpu"
            )
        if device.index is not None and device.index >= torch.cuda.device_count():
            raise InvalidInput(
                f"device = {name!r}, but only {torch.cuda.device_count()} CUDA devices are here"
            )
    return device


@contextmanager
def repeatable(threads: int = 1, device: torch.device | str = "cpu") -> Iterator[None]:
    """One thread, full float32 and deterministic kernels inside; everything as before on exit.

    But the process goes on keeping the memory that it frees, see `keep_freed_memory`.

    The same thread count repeats bit for bit; another one does not. One thread is also the fastest
    choice for networks this small on a shared machine. On CUDA, operations that PyTorch knows no
    deterministic kernel for run all the same.

    Raises
    ------
    InvalidInput : `threads` is below 1.
    """
    Integer(1, 1024)(threads, "threads")
    keep_freed_memory()
    before_threads = torch.get_num_threads()
    before_cudnn = (
        torch.backends.cudnn.deterministic,
        torch.backends.cudnn.benchmark,
        torch.backends.cudnn.allow_tf32,
    )
    before_tf32 = torch.backends.cuda.matmul.allow_tf32
    torch.set_num_threads(threads)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    try:
        with _deterministic() if torch.device(device).type == "cuda" else nullcontext():
            yield
    finally:
        torch.set_num_threads(before_threads)
        torch.backends.cudnn.deterministic = before_cudnn[0]
        torch.backends.cudnn.benchmark = before_cudnn[1]
        torch.backends.cudnn.allow_tf32 = before_cudnn[2]
        torch.backends.cuda.matmul.allow_tf32 = before_tf32


@contextmanager
def _deterministic() -> Iterator[None]:
    before = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*deterministic implementation")
            yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
