"""The rows, one file each: the class and its law, what its cells state, its fibres, its numbers in the sharp table."""
