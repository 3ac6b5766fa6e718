"""Which manipulation passes which check? Attacks, methods of visualization and checks, on trained networks."""
