"""Does somebody's network mislead? What its units and its visualizations give away."""
