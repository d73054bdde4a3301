"""Machine translation of training data: one module per kind that can be translated."""
