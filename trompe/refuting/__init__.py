"""A decoder of somebody else's: how it is asked, how it is judged, and in which words."""
