"""The closed forms of the sharp table, checked by SymPy, by exact integration and by random queries."""

from trompe.proofs.sharp.table import (
    CONFIDENCE,
    SharpCell,
    SharpCheck,
    SharpTable,
    share_interval,
    sharp_table,
)

__all__ = ["CONFIDENCE", "SharpCell", "SharpCheck", "SharpTable", "share_interval", "sharp_table"]
