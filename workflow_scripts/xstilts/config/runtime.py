"""Resources and logging: not part of any identity."""

from __future__ import annotations

from pydantic import Field

from xstilts.config.section import Section


class Resources(Section):
    """Sharing of the machine between jobs."""

    jobs_per_gpu: int = Field(
        1,
        ge=1,
        description="Maximum number of jobs per GPU at the same time on a workstation; more than "
        "1 is faster with small models. On a cluster the scheduler decides.",
    )


class Logging(Section):
    """Additional destinations of training curves; `history.parquet` is always written."""

    tensorboard: bool = Field(
        False,
        description="Write TensorBoard event files to `results/STUDY/tensorboard/`, one folder "
        "per stage.",
    )
    wandb: str = Field(
        "",
        description="Weights & Biases project to log to; empty disables it. Needs the package "
        "`wandb`; its environment variables apply, such as `WANDB_MODE=offline`.",
    )
