"""How a study is run and watched: no part of any identity."""

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


class Logging(Section):
    """Where training curves go besides the record beside each model."""

    tensorboard: bool = Field(
        False, description="Write event files to `results/STUDY/tensorboard/`, a folder per stage."
    )
    wandb: str = Field(
        "",
        description="Project of Weights & Biases to log to, if the package wandb is installed; "
        "empty for none. Its own environment variables apply, such as `WANDB_MODE=offline`.",
    )
