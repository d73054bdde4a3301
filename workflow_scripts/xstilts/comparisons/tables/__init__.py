"""One module per comparison; each defines ``COMPARISON``, and its name is that of the table."""
