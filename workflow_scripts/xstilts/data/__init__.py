"""From sources to one Parquet schema per kind of task."""
