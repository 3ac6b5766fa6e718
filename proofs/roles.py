"""Obligations by the part of a row's claims that they carry: each role is a decorator, with the arguments of `obligation`.

What the roles mean is said at `row.Evidence`, which `obligations.collected` serves; what a triple `reads` off a point
belongs to its `pair`, and can be borrowed alone.
"""

from __future__ import annotations

from functools import partial

from trompe.proofs.obligations import obligation

reads = partial(obligation, role="reads")
pair = partial(obligation, role="pair")
decides = partial(obligation, role="decides")
exists = partial(obligation, role="exists")
extremes = partial(obligation, role="extremes")
decodes = partial(obligation, role="decodes")
includes = partial(obligation, role="includes")
links = partial(obligation, role="links")
threshold = partial(obligation, role="threshold")
