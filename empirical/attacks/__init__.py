"""Networks that are made so that their visualizations mislead, and what is certified of them."""
