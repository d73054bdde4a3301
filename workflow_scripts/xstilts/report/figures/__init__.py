"""Figures of the report, one module per family; each gives the page's picture and the files."""
