"""Devices."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)


from trompe.theory import InvalidInput


def test_cuda_asked_for_and_absent():
    from trompe.empirical._torch import pick_device

    assert pick_device("cpu").type == "cpu"
    for name in ("gpu", "meta"):
        with pytest.raises(InvalidInput, match="expected auto, cpu, cuda"):
            pick_device(name)
    if not torch.cuda.is_available():
        with pytest.raises(InvalidInput, match="no CUDA device here; use --device cpu"):
            pick_device("cuda")
