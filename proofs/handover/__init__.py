"""What is handed over as files that a reader need not trust: certificate sets and witnesses."""
