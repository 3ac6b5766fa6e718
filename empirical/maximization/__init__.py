"""What excites a unit most? How an image is written down, what is maximised, and the ascent."""
