"""Pixels, spectra and phases as images."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

from trompe.empirical.maximization.ascent import maximize
from trompe.empirical.maximization.parametrizations import (
    Fourier,
    Maco,
    Pixel,
    mean_spectrum,
    parametrization,
    spectrum_error,
)
from trompe.theory import InvalidInput, UnknownKey

SHAPE = (1, 8, 8)


@pytest.fixture(scope="module")
def spectrum(natural):
    return mean_spectrum(natural)


def test_maco_keeps_the_spectrum(cnn, spectrum):
    run = maximize(cnn, range(4), SHAPE, Maco(*spectrum), steps=16)
    assert run.spectrum_error < 1e-4


def test_the_spectrum_check_sees_a_free_half_spectrum(spectrum):
    """The fault that a well-known library has: phases that are free where they must be Hermitian."""
    magnitude, _ = spectrum
    phases = torch.exp(1j * 6.28 * torch.rand(3, *magnitude.shape))
    field = torch.fft.irfft2(magnitude * phases, s=(8, 8))
    assert spectrum_error(field, magnitude) > 0.05


def test_maco_wants_magnitudes_of_its_size(spectrum):
    with pytest.raises(InvalidInput, match="pass spectrum=mean_spectrum"):
        parametrization("maco")
    with pytest.raises(InvalidInput, match="need \\(1, 16, 9\\)"):
        Maco(*spectrum).initial((1, 16, 16), 0)
    with pytest.raises(UnknownKey, match="pixel"):
        parametrization("pixels")


def test_three_channels_and_odd_sides():
    for how in (Pixel(), Fourier(), Maco(*mean_spectrum(torch.rand(5, 3, 7, 10)))):
        model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(210, 2)).eval()
        assert maximize(model, [0, 1], (3, 7, 10), how, steps=4).images.shape == (2, 3, 7, 10)
