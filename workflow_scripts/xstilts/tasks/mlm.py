"""Masked language modelling on the text that the study names."""

from __future__ import annotations

from xstilts.tasks.base import Task
from xstilts.tasks.tlm import no_original_files

TASK = Task(
    name="mlm",
    kind="mlm",
    title="Predict masked tokens of plain text",
    languages=(),
    files={},
    read=no_original_files,
    metric="perplexity",
    microworld="text",
    recipe={"max_length": 128},
    licence="that of the text",
    citation="Devlin et al. 2019, BERT (NAACL); Conneau et al. 2020, XLM-R (ACL)",
    homepage="https://arxiv.org/abs/1911.02116",
)
