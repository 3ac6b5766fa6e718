"""A conclusions-file's audit made anew, with its pairs, by somebody who has the network and the images."""

from __future__ import annotations

from pathlib import Path

from trompe.empirical._torch import torch
from trompe.empirical.audits.conclusions import audited
from trompe.empirical.audits.steep import PicturePair
from trompe.empirical.inputs.streams import open_images
from trompe.empirical.networks.adapted import load_adapted
from trompe.empirical.visualization.run import read_shown_units
from trompe.proofs.handover.concluded import ConclusionsFile
from trompe.proofs.handover.concluded.checking import Again, Pairs
from trompe.proofs.handover.shown import ShownFile
from trompe.theory import InvalidInput


def audit_again(
    path: Path, model: str, weights: Path | None, images: Path, device: torch.device
) -> Again:
    """The audit of the conclusions-file at a path; normalisation, output and sizes are those that the files say."""

    def again(claims: ConclusionsFile, shown: ShownFile, pairs: Pairs) -> ConclusionsFile:
        about = shown.model
        network = load_adapted(model, device, weights, about.mean, about.std, about.logits)
        stream = open_images(images, device, resize=claims.images.resize, crop=claims.images.crop)
        found = audited(
            network, stream, read_shown_units(path.parent / claims.shown),
            {
                key: PicturePair(*(torch.from_numpy(array).to(device) for array in pair))
                for key, pair in pairs.items()
            },
            claims.settings, True,
        ).file  # fmt: skip
        if found.images.sha256 != claims.images.sha256:
            raise InvalidInput(
                f"images: their SHA-256 is {found.images.sha256[:16]}..., the file is about {claims.images.sha256[:16]}... "
                f"({claims.images.name}); give the images that were audited"
            )
        return found

    return again
