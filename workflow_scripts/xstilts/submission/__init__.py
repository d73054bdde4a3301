"""Folders in the layout that XTREME and XTREME-R take: read, scored, and written."""
