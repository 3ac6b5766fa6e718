"""How an image is written down while it is optimised: pixels, a decorrelated spectrum, or phases alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import lru_cache
from typing import ClassVar

from trompe.empirical._torch import Floats, Images, Seed, Shape, at_once, torch
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

    def of(self, images: torch.Tensor) -> torch.Tensor:
        """Parameters (n, ...) of given images, up to what is close to black and white; for ascents that start there.

        Raises
        ------
        InvalidInput : this parametrization cannot write every image down.
        """
        raise InvalidInput(
            f"start: {self.key} cannot start at images; take the pixel or the fourier parametrization"
        )


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

    def of(self, images: torch.Tensor) -> torch.Tensor:
        """See Parametrization."""
        return torch.logit(images.float(), eps=1e-3)


class Fourier(Parametrization):
    """x = sigmoid(irfft2(p / f)): steps are alike at all spatial frequencies f; colours decorrelated.

    Source: Olah, Mordvintsev, Schubert, "Feature visualization", Distill 2017.
    """

    key = "fourier"

    COLOURS = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))
    """Square root of the colour covariance of natural pictures, by the source above; rows are red, green, blue."""

    @checked
    def initial(self, shape: Shape, seed: Seed) -> torch.Tensor:
        """See Parametrization."""
        c, h, w = shape
        self._height, self._width = h, w
        return _noise((c, h, w // 2 + 1, 2), seed, 0.1)

    def image(self, parameters: torch.Tensor) -> torch.Tensor:
        """See Parametrization."""
        h, w = self._height, self._width
        scale = _one_over_f(h, w, parameters.device)
        spectrum = torch.view_as_complex(parameters.contiguous()) * scale
        return torch.sigmoid(coloured(torch.fft.irfft2(spectrum, s=(h, w))))

    def of(self, images: torch.Tensor) -> torch.Tensor:
        """See Parametrization."""
        self._height, self._width = h, w = images.shape[-2], images.shape[-1]
        field = decorrelated(torch.logit(images.float(), eps=1e-2))
        scale = _one_over_f(h, w, images.device)
        return torch.view_as_real(torch.fft.rfft2(field) / scale).contiguous()


def coloured(values: torch.Tensor) -> torch.Tensor:
    """Images (n, 3, ...) of decorrelated colours as red, green and blue; other numbers of channels as they are."""
    return values if values.shape[1] != 3 else _mixed(values, _colours(values.device)[0])


def decorrelated(images: torch.Tensor) -> torch.Tensor:
    """The inverse of `coloured`."""
    return images if images.shape[1] != 3 else _mixed(images, _colours(images.device)[1])


def _mixed(images: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    return torch.einsum("nchw,dc->ndhw", images, matrix.to(images.dtype))


@lru_cache(maxsize=8)
@torch.inference_mode(False)  # what is cached there could not be differentiated through
def _colours(device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """The matrix that colours, largest column 1, and its inverse; float64."""
    matrix = torch.tensor(Fourier.COLOURS, dtype=torch.float64, device=device)
    matrix = matrix / matrix.norm(dim=0).max()
    return matrix, torch.linalg.inv(matrix)


@lru_cache(maxsize=8)
@torch.inference_mode(False)
def _one_over_f(h: int, w: int, device: torch.device) -> torch.Tensor:
    """What parameters of a spectrum are multiplied with, shape (h, w // 2 + 1)."""
    fy = torch.fft.fftfreq(h, device=device)[:, None]
    fx = torch.fft.rfftfreq(w, device=device)[None, :]
    frequency = torch.sqrt(fx * fx + fy * fy)
    return (h * w) ** 0.5 / frequency.clamp_min(1 / max(h, w)) / 4


class Maco(Parametrization):
    """Fixed magnitudes, free phases: x = mean + colours(irfft2(magnitude * Z/|Z|)), Z = rfft2 of a real field.

    Images of three channels have their magnitudes and phases in decorrelated colours (those of `Fourier`): with phases
    for red, green and blue each, neighbouring patches come out in any colour. Z is the spectrum of a *real* field, so it is Hermitian and the image has exactly the magnitudes
    asked for; a free half-spectrum is not (its kx = 0 column loses energy). What leaves [0, 1] is cut off
    for the network. Source of the idea: Fel et al., "Unlocking feature visualization", NeurIPS 2023.

    Parameters
    ----------
    magnitude : mean |rfft2| of natural images, as `mean_spectrum` gives it, shape (channels, height, width // 2 + 1).
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
        return coloured(field) + self.mean.to(parameters.device).view(1, -1, 1, 1)

    def image(self, parameters: torch.Tensor) -> torch.Tensor:
        """See Parametrization."""
        return self.unclipped(parameters).clamp(0, 1)


@checked
def mean_spectrum(images: Images) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean magnitude of rfft2 (channels, height, width // 2 + 1) and mean value (channels,) of images.

    Of images of three channels the magnitudes are those of their decorrelated colours, see Maco; the mean is always theirs.
    """
    parts = images.split(at_once(images.shape[1:], 1000))
    total = sum(torch.fft.rfft2(decorrelated(part)).abs().double().sum(0) for part in parts)
    magnitude = torch.as_tensor(total) / len(images)
    return magnitude.float().cpu(), images.mean((0, 2, 3)).cpu()


def spectrum_error(field: torch.Tensor, magnitude: torch.Tensor) -> float:
    """Largest | |rfft2(field)| - magnitude | outside the DC term, over the largest magnitude.

    Fields of three channels are images, whose colours are decorrelated first, as magnitudes are.
    """
    got = torch.fft.rfft2(decorrelated(field.double())).abs()
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
