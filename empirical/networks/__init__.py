"""Which network, and what is inside? Loaded, adapted and looked into without changing it; bounds on its outputs; our own, and their training."""
