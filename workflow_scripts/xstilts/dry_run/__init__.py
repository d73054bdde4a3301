"""The summary of a dry run: what would be made and why, how long it takes, and disk space."""
