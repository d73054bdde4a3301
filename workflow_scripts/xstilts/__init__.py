"""Cross-lingual intermediate-task transfer: chains of fine-tuning stages, measured per language."""

__version__ = "0.1.0"
