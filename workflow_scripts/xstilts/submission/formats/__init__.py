"""One module per file format of the layout, found by name.

Each has

* ``SUFFIX``: ending of its files;
* ``read(labels, predictions, spec)``: the ``Examples`` of two files that answer each other;
* ``score(examples, spec, language)``: official metric names to values, 0-100;
* ``baselines(examples, spec)``: what ``chance`` and ``majority`` (the most frequent answer, always)
  would score, where that is defined, in the task's first metric;
* ``units(answers)``: the single answers in gold or predictions, for the sanity checks; empty where
  a constant means nothing.

``write(examples, labels, predictions)`` in those that the workflow's predictions are exported to.
"""
