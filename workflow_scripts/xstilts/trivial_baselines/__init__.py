"""Trivial baselines: predictions from words, or from one side of an example, without a model."""
