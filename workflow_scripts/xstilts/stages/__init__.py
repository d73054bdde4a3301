"""What each job does, from declared inputs to a manifest: the scripts call these."""
