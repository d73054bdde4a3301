"""Adversarial NLI, round 2."""

from __future__ import annotations

from xstilts.tasks import anli

TASK = anli.of_rounds("anli_r2", "R2", train=45_460, evaluated=1_000)
