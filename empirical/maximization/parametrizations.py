"""How an image is written down while it is optimised: pixels, a decorrelated spectrum, or phases alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from trompe.empirical._torch import Floats, Images, Seed, Shape, torch
from trompe.ground.arguments import checked
from trompe.theory import InvalidInput, UnknownKey


class Parametrization(ABC):
    """A map from free parameters to images in [0, 1]^N, image by image."""

    key: ClassVar[str]

    @abstractmethod
    def initial(self, shape: Shape, seed: Seed) -> torch.Tensor:
        """Starting parameters of one image; equal for equal seeds. On the CPU, float32."""

    @abstractmethod
    def image(self, parameters: torch.Tensor) -> torch.Tensor:
        """Images (n, channels, height, width) in [0, 1] of parameters (n, ...)."""


def _noise(shape: tuple[int, ...], seed: int, scale: float) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(shape, generator=generator)


class Pixel(Parametrization):
    """x = sigmoid(p), p one number a pixel."""

    key = "pixel"

    @checked
    def initial(self, shape: Shape, seed: Seed) -> torch.Tensor:
        """See Parametrization."""
        return _noise(shape, seed, 0.1)

    def image(self, parameters: torch.Tensor) -> torch.Tensor:
        """See Parametrization."""
        return torch.sigmoid(parameters)


class Fourier(Parametrization):
    """x = sigmoid(irfft2(p / f)): steps are alike at all spatial frequencies f; colours decorrelated.

    Source: Olah, Mordvintsev, Schubert, "Feature visualization", Distill 2017.
    """

    key = "fourier"

    # Square root of the colour covariance of natural pictures, by the source above.
    COLOURS = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))

    @checked
    def initial(self, shape: Shape, seed: Seed) -> torch.Tensor:
        """See Parametrization."""
        c, h, w = shape
        self._height, self._width = h, w
        return _noise((c, h, w // 2 + 1, 2), seed, 0.1)

    def image(self, parameters: torch.Tensor) -> torch.Tensor:
        """See Parametrization."""
        h, w = self._height, self._width
        frequency = _frequencies(h, w, parameters.device)
        scale = (h * w) ** 0.5 / frequency.clamp_min(1 / max(h, w)) / 4
        spectrum = torch.view_as_complex(parameters.contiguous()) * scale
        values = torch.fft.irfft2(spectrum, s=(h, w))
        if values.shape[1] == 3:
            colours = torch.tensor(self.COLOURS, device=values.device)
            values = torch.einsum("nchw,dc->ndhw", values, colours / colours.norm(dim=0).max())
        return torch.sigmoid(values)


class Maco(Parametrization):
    """Fixed magnitudes, free phases: x = mean + irfft2(magnitude * Z/|Z|), Z = rfft2 of a real field.

    Z is the spectrum of a *real* field, so it is Hermitian and the image has exactly the magnitudes
    asked for; a free half-spectrum is not (its kx = 0 column loses energy). What leaves [0, 1] is cut off
    for the network. Source of the idea: Fel et al., "Unlocking feature visualization", NeurIPS 2023.

    Parameters
    ----------
    magnitude : mean |rfft2| of natural images, shape (channels, height, width // 2 + 1).
    mean : the natural images' mean, shape (channels,).
    """

    key = "maco"

    @checked
    def __init__(self, magnitude: Floats, mean: Floats) -> None:
        if magnitude.ndim != 3:
            raise InvalidInput(
                f"maco: magnitudes of shape {tuple(magnitude.shape)}; expected (channels, height, width // 2 + 1)"
            )
        self.magnitude = magnitude.clone()
        self.magnitude[:, 0, 0] = 0
        self.mean = mean

    @checked
    def initial(self, shape: Shape, seed: Seed) -> torch.Tensor:
        """See Parametrization."""
        c, h, w = shape
        if tuple(self.magnitude.shape) != (c, h, w // 2 + 1):
            raise InvalidInput(
                f"maco: magnitudes of shape {tuple(self.magnitude.shape)}; images {shape} need "
                f"{(c, h, w // 2 + 1)}, take mean_spectrum of images of this size"
            )
        return _noise(shape, seed, 1.0)

    def unclipped(self, parameters: torch.Tensor) -> torch.Tensor:
        """The image before it is cut to [0, 1]; its spectrum is what `spectrum_error` checks."""
        h, w = parameters.shape[-2:]
        spectrum = torch.fft.rfft2(parameters)
        phases = spectrum / spectrum.abs().clamp_min(1e-12)
        field = torch.fft.irfft2(self.magnitude.to(parameters.device) * phases, s=(h, w))
        return field + self.mean.to(parameters.device).view(1, -1, 1, 1)

    def image(self, parameters: torch.Tensor) -> torch.Tensor:
        """See Parametrization."""
        return self.unclipped(parameters).clamp(0, 1)


def _frequencies(h: int, w: int, device: torch.device) -> torch.Tensor:
    fy = torch.fft.fftfreq(h, device=device)[:, None]
    fx = torch.fft.rfftfreq(w, device=device)[None, :]
    return torch.sqrt(fx * fx + fy * fy)


@checked
def mean_spectrum(images: Images) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean magnitude of rfft2 (channels, height, width // 2 + 1) and mean value (channels,) of images."""
    total = sum(torch.fft.rfft2(part).abs().double().sum(0) for part in images.split(1000))
    magnitude = torch.as_tensor(total) / len(images)
    return magnitude.float().cpu(), images.mean((0, 2, 3)).cpu()


def spectrum_error(field: torch.Tensor, magnitude: torch.Tensor) -> float:
    """Largest | |rfft2(field)| - magnitude | outside the DC term, over the largest magnitude."""
    got = torch.fft.rfft2(field.double()).abs()
    difference = (got - magnitude.to(field.device).double()).abs()
    difference[..., 0, 0] = 0
    largest = magnitude.clone()
    largest[:, 0, 0] = 0
    return float(difference.max() / largest.max())


PARAMETRIZATIONS = ("pixel", "fourier", "maco")


def parametrization(
    key: str, spectrum: tuple[torch.Tensor, torch.Tensor] | None = None
) -> Parametrization:
    """The parametrization called `key`; `maco` needs the `mean_spectrum` of natural images."""
    if key == "pixel":
        return Pixel()
    if key == "fourier":
        return Fourier()
    if key == "maco":
        if spectrum is None:
            raise InvalidInput(
                "maco: no magnitudes given; pass spectrum=mean_spectrum(natural images)"
            )
        return Maco(*spectrum)
    raise UnknownKey("parametrization", key, PARAMETRIZATIONS)
