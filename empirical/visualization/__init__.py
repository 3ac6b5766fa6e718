"""What do the units of a network respond to? Pictures that an optimiser finds, natural ones beside them, a sheet and a shown-file."""
