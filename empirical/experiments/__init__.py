"""The experiments, one module each, what they share, and the runner."""
