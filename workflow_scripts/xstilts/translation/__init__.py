"""Training data into other languages: one module per kind that can be translated."""
