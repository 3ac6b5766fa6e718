"""`trompe show`: one theorem with all that belongs to it."""

from __future__ import annotations

from trompe.commands.options import Dim, Dims, Jobs, Key, Solvers, parse_dims
from trompe.commands.reporting import emit, progress_bar


def show(
    key: Key, dim: Dim = None, dims: Dims = "1,2,3", solver: Solvers = None, jobs: Jobs = None
) -> int:
    """Show one theorem: statement, construction, an instance, its obligations, what is assumed.

    The instance has 2 inputs, or as many as the row is about, unless --dim says another number.
    """
    from trompe.constructions.catalogue import demonstrate
    from trompe.proofs import SOLVERS, verify_table
    from trompe.theory import row_class, theorem
    from trompe.views.theorem import to_text

    usual = row_class(theorem(key).row).max_dim or 2
    shown = demonstrate(key, usual if dim is None else dim)
    with progress_bar("checking") as progress:
        result = verify_table(
            theorems=[key],
            dims=parse_dims(dims),
            solvers=solver or tuple(SOLVERS),
            jobs=jobs,
            progress=progress,
        )
    emit(to_text(result, key, shown))
    return 0 if result.is_proved else 1
