"""Baselines without a model: what words alone, or one side of an example alone, are good for."""
