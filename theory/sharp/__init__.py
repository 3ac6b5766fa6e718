"""How bad is it? Closed forms of the worst radius and of the shares of inputs on which a task is decidable."""

from trompe.theory.sharp.rows import (
    COLUMNS,
    FURTHER,
    ConeSetting,
    SharpRow,
    sharp_row,
    sharp_rows,
)

__all__ = ["COLUMNS", "FURTHER", "ConeSetting", "SharpRow", "sharp_row", "sharp_rows"]
