"""Pixels, spectra and phases as images."""

from __future__ import annotations

import pytest

torch = pytest.importorskip(
    "torch", reason="the empirical room needs torch: pip install 'trompe[empirical]'"
)

import numpy as np

from trompe.empirical.maximization.ascent import maximize
from trompe.empirical.maximization.parametrizations import (
    Fourier,
    Maco,
    Pixel,
    _one_over_f,
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


def test_maco_of_colour_pictures_fixes_the_spectra_of_decorrelated_colours():
    """By another way: the colours' matrix from its source, solved for each pixel in NumPy."""
    pictures = torch.rand(6, 3, 9, 8)
    magnitude, mean = mean_spectrum(pictures)
    matrix = np.array([(0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03)])
    matrix = matrix / np.linalg.norm(matrix, axis=0).max()

    def spectra(x):
        apart = np.linalg.solve(matrix, x.double().numpy().transpose(0, 2, 3, 1)[..., None])[..., 0]
        return np.abs(np.fft.rfft2(apart, axes=(1, 2))).transpose(0, 3, 1, 2)

    assert np.allclose(magnitude, spectra(pictures).mean(0), rtol=1e-4)
    assert torch.allclose(mean, pictures.mean((0, 2, 3)))
    how = Maco(magnitude, mean)
    field = how.unclipped(how.initial((3, 9, 8), 4)[None])
    got = spectra(field - mean.view(1, 3, 1, 1))[0]
    assert np.allclose(got, how.magnitude, atol=1e-4 * float(magnitude.max()))
    assert spectrum_error(field, magnitude) < 1e-5
    in_rgb = torch.fft.irfft2(
        torch.fft.rfft2(torch.rand(1, 3, 9, 8)).sgn() * how.magnitude, s=(9, 8)
    )
    assert (
        spectrum_error(in_rgb, magnitude) > 0.05
    )  # the planted fault: red, green and blue by themselves


def test_phases_of_colours_that_belong_together_give_no_rainbow():
    """Of grey pictures the spectrum has no colour, whatever the phases; with magnitudes of red, green and blue it has."""
    grey = torch.rand(6, 1, 8, 8).expand(-1, 3, -1, -1).contiguous()
    how = Maco(*mean_spectrum(grey))
    field = how.unclipped(how.initial((3, 8, 8), 0)[None])
    assert float(field.std(1).mean()) < 0.5 * float(field.std())
    by_channel = torch.fft.irfft2(
        torch.fft.rfft2(torch.randn(1, 3, 8, 8)).sgn() * torch.fft.rfft2(grey).abs().mean(0),
        s=(8, 8),
    )
    assert float(by_channel.std(1).mean()) > 0.5 * float(by_channel.std())


def test_grids_that_are_kept_can_be_differentiated_through():
    _one_over_f.cache_clear()
    how = Fourier()
    first = how.initial((3, 6, 5), 0)[None]
    with torch.inference_mode():
        image = how.image(first.clone())
    again = first.clone().requires_grad_(True)
    how.image(again).sum().backward()
    assert torch.equal(how.image(first), image) and again.grad is not None
    assert _one_over_f.cache_info().misses == 1
