"""Path similarity: does a visualization travel through the network as the images of its class do?

Per layer, the mean correlation of the activations of a class's visualizations with those of natural
images of that class, on a scale where natural pairs of different classes give 0 and of one class 1.
The mean over all natural images of a correlation is one inner product with the sum of their unit
vectors, so images are streamed: memory is bounded by classes times layer, not by the number of images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trompe.empirical._torch import torch
from trompe.empirical.networks import capture
from trompe.empirical.ranks import unit_rows
from trompe.theory import InvalidInput

__all__ = ["LayerSimilarity", "path_similarity", "share_below"]


@dataclass(frozen=True)
class LayerSimilarity:
    """One layer's similarity of probes to natural images: per class, normalised, with its raw anchors."""

    layer: str
    measure: str
    per_class: tuple[float, ...]
    same: float
    """Mean correlation of natural pairs of one class, before normalisation."""
    different: float
    """The same for pairs of different classes."""

    @property
    def mean(self) -> float:
        """Mean over classes."""
        return sum(self.per_class) / len(self.per_class)

    @property
    def error(self) -> float:
        """Standard error of the mean over classes."""
        n = len(self.per_class)
        spread = sum((v - self.mean) ** 2 for v in self.per_class) / max(n - 1, 1)
        return float((spread / n) ** 0.5)


@torch.no_grad()
def path_similarity(
    model: torch.nn.Module,
    layers: Sequence[str],
    natural: torch.Tensor,
    labels: torch.Tensor,
    probes: dict[str, tuple[torch.Tensor, torch.Tensor]],
    measure: str = "spearman",
    batch: int = 100,
) -> dict[str, list[LayerSimilarity]]:
    """The similarity of each group of probes to natural images, layer by layer.

    Parameters
    ----------
    natural, labels : images (n, channels, height, width) in [0, 1] and classes (n,), at least two a class.
    probes : name -> (images, classes), for example visualizations and uniform noise. A probe's class
        says which natural images it is held against.

    Raises
    ------
    InvalidInput : fewer than two classes, or a class with one image. UnknownKey : no such layer.
    """
    classes = sorted(set(labels.tolist()))
    counts = {c: int((labels == c).sum()) for c in classes}
    if len(classes) < 2 or min(counts.values()) < 2:
        raise InvalidInput(
            f"path similarity: classes with {sorted(counts.values())} images; expected at least two classes of "
            "two images each"
        )
    row = {c: i for i, c in enumerate(classes)}
    sums: dict[str, torch.Tensor] = {}
    squares: dict[str, torch.Tensor] = {}
    with capture(model, layers) as outputs:
        for start in range(0, len(natural), batch):
            model(natural[start : start + batch])
            index = torch.tensor(
                [row[c] for c in labels[start : start + batch].tolist()], device=natural.device
            )
            for layer in layers:
                units = unit_rows(outputs[layer].flatten(1), measure)
                if layer not in sums:
                    sums[layer] = units.new_zeros((len(classes), units.shape[1]))
                    squares[layer] = units.new_zeros(len(classes))
                sums[layer].index_add_(0, index, units)
                squares[layer].index_add_(0, index, units.square().sum(1))
        found: dict[str, list[LayerSimilarity]] = {}
        anchors = {layer: _anchors(sums[layer], squares[layer], counts) for layer in layers}
        for name, (images, of_class) in probes.items():
            got: dict[str, list[torch.Tensor]] = {layer: [] for layer in layers}
            for start in range(0, len(images), batch):
                model(images[start : start + batch])
                wanted = [row[c] for c in of_class[start : start + batch].tolist()]
                for layer in layers:
                    units = unit_rows(outputs[layer].flatten(1), measure)
                    got[layer].append((units * sums[layer][wanted]).sum(1))
            size = torch.tensor([float(counts[c]) for c in of_class.tolist()], device=images.device)
            found[name] = []
            for layer in layers:
                same, different = anchors[layer]
                raw = torch.cat(got[layer]) / size
                value = (raw - different) / (same - different) if same != different else raw * 0
                per_class = [
                    float(value[of_class == c].mean()) for c in classes if (of_class == c).any()
                ]
                found[name].append(
                    LayerSimilarity(layer, measure, tuple(per_class), same, different)
                )
    return found


def _anchors(
    sums: torch.Tensor, squares: torch.Tensor, counts: dict[int, int]
) -> tuple[float, float]:
    """Mean correlation of natural pairs of one class and of different classes, mean over classes."""
    sizes = torch.tensor(list(counts.values()), dtype=sums.dtype, device=sums.device)
    gram = sums @ sums.T
    within = (gram.diagonal() - squares) / (sizes * (sizes - 1))
    others = (gram.sum(1) - gram.diagonal()) / (sizes * (sizes.sum() - sizes))
    return float(within.mean()), float(others.mean())


def share_below(similarities: Sequence[LayerSimilarity], level: float = 0.5) -> float:
    """The share of layers whose mean similarity is below `level`."""
    return sum(s.mean < level for s in similarities) / len(similarities)
