"""Reads, scores and writes folders in the submission layout of XTREME and XTREME-R."""
