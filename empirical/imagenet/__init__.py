"""The paper's own ground: a network trained on ImageNet, and photographs.

`trompe.empirical.imagenet:build` is the network for `--model`.
"""

from trompe.empirical.imagenet.network import imagenet_network

build = imagenet_network

__all__ = ["build", "imagenet_network"]
