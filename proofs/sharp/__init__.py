"""The closed forms of the sharp table, checked by SymPy, by exact integration and by random queries."""
