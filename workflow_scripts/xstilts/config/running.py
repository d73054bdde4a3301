"""How a study is run: no part of any identity."""

from __future__ import annotations

from pydantic import Field

from xstilts.config.section import Section


class Resources(Section):
    """How jobs share the machine."""

    jobs_per_gpu: int = Field(
        1,
        ge=1,
        description="Jobs that may use one GPU of a workstation at the same time; more than 1 pays "
        "with small models. On a cluster the scheduler decides.",
    )
