"""The file formats of the layout: one module each, found by name.

Each has

* ``SUFFIX``: suffix of its files;
* ``read(labels, predictions, spec)``: the ``Examples`` of two corresponding files;
* ``score(examples, spec, language)``: values (0-100) by official metric name;
* ``trivial_baselines(examples, spec)``: scores of ``chance`` and ``majority`` (always the most
  frequent answer) in the task's first metric, if defined;
* ``units(answers)``: the single answers in gold or predictions, for the sanity checks; empty if
  constant answers are not suspicious.

``write(examples, labels, predictions)`` in those that the workflow's predictions are exported to.
"""
