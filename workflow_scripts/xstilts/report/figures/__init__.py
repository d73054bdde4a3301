"""Figures of the report, one module per family; each is drawn on the page and written to files."""
