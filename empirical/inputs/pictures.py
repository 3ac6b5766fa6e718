"""One picture of a file: which are read and how, and which are refused."""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from trompe.ground.files import write_file
from trompe.ground.reading import Unreadable, check_file
from trompe.theory import InvalidInput, MissingDependency

Bytes: TypeAlias = NDArray[np.uint8]

MAX_PICTURE_BYTES = 2**30
"""The largest picture file that is opened."""
MAX_SIDE = 10_000
"""The largest side to which pictures are scaled."""
WITH_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")
_ORIENTATION = 0x0112
_SIXTEEN = re.compile(r";16[BLN]")
"""In the name of how Pillow unpacks pixels: more than 8 bits a channel, of which it would keep 8."""


@dataclass(frozen=True)
class Framing:
    """How pictures come to one size, in pixels: scaled, then cut out of the middle; nothing by default.

    resize : (side,), to which the shorter side is scaled, or (height, width). crop : (side,) or (height, width).
    Bilinear, with antialiasing where it shrinks; as torchvision's Resize and CenterCrop do with pictures.
    """

    resize: tuple[int, ...] = ()
    crop: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for what, sizes in (("resize", self.resize), ("crop", self.crop)):
            if len(sizes) > 2 or any(not 1 <= size <= MAX_SIDE for size in sizes):
                raise InvalidInput(
                    f"{what} = {','.join(map(str, sizes))}; expected SIDE or HEIGHT,WIDTH in pixels, 1 to {MAX_SIDE}"
                )

    def size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of what comes of a picture of this height and width.

        Raises
        ------
        InvalidInput : the crop does not fit into it.
        """
        high, wide = self._scaled(height, width)
        if not self.crop:
            return high, wide
        crop = (self.crop[0], self.crop[-1])
        if crop[0] > high or crop[1] > wide:
            raise InvalidInput(
                f"{wide} x {high} pixels, too few to cut {crop[1]} x {crop[0]} out of them; resize to more first"
            )
        return crop

    def apply(self, picture: Any) -> Any:
        """The picture (Pillow's, grey or RGB) scaled and cut."""
        high, wide = self._scaled(picture.height, picture.width)
        if (high, wide) != (picture.height, picture.width):
            picture = picture.resize((wide, high), resample=2)  # bilinear
        if not self.crop:
            return picture
        bottom, right = self.crop[0], self.crop[-1]
        top, left = round((high - bottom) / 2), round((wide - right) / 2)
        return picture.crop((left, top, left + right, top + bottom))

    def _scaled(self, height: int, width: int) -> tuple[int, int]:
        if len(self.resize) != 1:
            return (self.resize[0], self.resize[1]) if self.resize else (height, width)
        side = self.resize[0]
        if height <= width:
            return side, int(side * width / height)
        return int(side * height / width), side


AS_IT_IS = Framing()


def read_picture(path: Path, framing: Framing = AS_IT_IS, content: bytes | None = None) -> Bytes:
    """One picture as bytes: (height, width) if grey, else (height, width, 3).

    It is turned as its EXIF orientation says. What is transparent lies on white. `content` stands for the bytes of the
    file, where the picture lies inside of another; `path` then only names it.
    """
    with _opened(path, content) as picture:
        from PIL import Image, ImageOps

        is_grey = _is_grey(picture)
        # A TIFF is turned as it is decoded, and some releases of Pillow leave the note that says so.
        upright = picture if picture.format == "TIFF" else ImageOps.exif_transpose(picture)
        if upright.mode in WITH_ALPHA or "transparency" in upright.info:
            rgba = upright.convert("RGBA")
            upright = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
        plain = upright.convert("L" if is_grey else "RGB")
        return np.asarray(framing.apply(plain), dtype=np.uint8)


def header(path: Path, framing: Framing) -> tuple[int, int, bool]:
    """Height and width once it is upright and framed, and whether it is grey, without decoding the picture."""
    with _opened(path) as picture:
        height, width = picture.height, picture.width
        if _orientation(picture) >= 5:  # lying on a side
            height, width = width, height
        try:
            return *framing.size(height, width), _is_grey(picture)
        except InvalidInput as error:
            raise InvalidInput(f"{path}: {error}") from None


def _orientation(picture: Any) -> int:
    """1 to 8, from the header alone; 1 for a TIFF, which is turned as it is decoded."""
    from PIL import Image

    # Not the PNG reader's own getexif, which decodes the pixels to see whether something follows them.
    exif = Image.Image.getexif(picture)
    value = exif.get(_ORIENTATION, 1)
    return (
        value if isinstance(value, int) and value in range(1, 9) and picture.format != "TIFF" else 1
    )


def _is_grey(picture: Any) -> bool:
    return picture.mode in ("1", "L", "LA", "La")


@contextmanager
def _opened(path: Path, content: bytes | None = None) -> Iterator[Any]:
    """A picture of 8 bits a channel; whatever Pillow says against it becomes one line.

    Of an animation or of several pages it is the first.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingDependency(
            "Pillow is not installed, it reads pictures; it comes with: pip install 'trompe[empirical]'"
        ) from error
    try:
        if content is None:
            check_file(path, MAX_PICTURE_BYTES)
        given = path if content is None else io.BytesIO(content)
        with warnings.catch_warnings(action="ignore"), Image.open(given) as picture:
            if math.prod(picture.size) > (most := Image.MAX_IMAGE_PIXELS or math.inf):
                raise InvalidInput(
                    f"{path}: {picture.width} x {picture.height} pixels; expected at most {most}"
                )
            if picture.mode.startswith(("I", "F")) or any(map(_is_deep, picture.tile)):
                raise InvalidInput(
                    f"{path}: more than 8 bits a channel (mode {picture.mode}); expected 8 bits a channel, convert it"
                )
            if picture.format == "TIFF" and _ORIENTATION in getattr(picture, "tag_v2", ()):
                picture.load()  # only then have all releases of Pillow the size of what is turned
            yield picture
    except InvalidInput:
        raise
    except Unreadable as error:
        raise InvalidInput(f"{path}: {error}; expected a picture") from None
    except Exception as error:  # Pillow raises many kinds for damaged files
        raise InvalidInput(
            f"{path}: not a readable picture ({str(error) or type(error).__name__}); remove or replace it"
        ) from None


def _is_deep(tile: Any) -> bool:
    """Does this part of a file have more than 8 bits a channel, which Pillow would cut off without a word?"""
    codec, how = tile[0], tile[3]
    if codec in ("ppm", "ppm_plain"):
        return isinstance(how, tuple) and any(isinstance(v, int) and v > 255 for v in how)
    return bool(_SIXTEEN.search(str(how)))


def load_picture(path: str | Path, shape: tuple[int, int, int], levels: int = 255) -> Bytes:
    """A picture scaled to (channels, height, width), integers 0 .. levels."""
    from PIL import Image

    pixels = read_picture(Path(path))
    c, h, w = shape
    picture = Image.fromarray(pixels).convert("L" if c == 1 else "RGB").resize((w, h))
    scaled = channels_first(np.asarray(picture, dtype=np.uint8), c == 1)
    return np.rint(scaled.astype(np.float64) * (levels / 255)).astype(np.uint8)


def channels_first(pixels: Bytes, grey: bool) -> Bytes:
    """The pixels of `read_picture` as (channels, height, width), of one channel or of three."""
    if grey:
        return pixels[None]
    rgb = np.repeat(pixels[:, :, None], 3, axis=2) if pixels.ndim == 2 else pixels
    return np.ascontiguousarray(rgb.transpose(2, 0, 1))


def save_pictures(folder: Path, pictures: Mapping[str, Any]) -> dict[str, str]:
    """Tensors (channels, height, width) in [0, 1] by name, as `NAME.npy` with their exact numbers; the files' names.

    Beside it `NAME.png`, rounded to 8 bits, where there are one or three channels and Pillow is installed.
    """
    files = {}
    for name, tensor in pictures.items():
        stem = re.sub(r"[^A-Za-z0-9_.#-]", "_", name)
        pixels = tensor.detach().cpu().numpy()
        exact = io.BytesIO()
        np.save(exact, pixels, allow_pickle=False)
        write_file(folder / f"{stem}.npy", exact.getvalue(), parents=True)
        files[name] = f"{stem}.npy"
        if len(pixels) in (1, 3) and find_spec("PIL"):
            from PIL import Image

            levels = np.rint(pixels.astype(np.float64) * 255).astype(np.uint8)
            shown = io.BytesIO()
            Image.fromarray(levels[0] if len(levels) == 1 else levels.transpose(1, 2, 0)).save(
                shown, format="PNG"
            )
            write_file(folder / f"{stem}.png", shown.getvalue(), parents=True)
    return files
