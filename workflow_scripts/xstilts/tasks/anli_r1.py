"""Adversarial NLI, round 1."""

from __future__ import annotations

from xstilts.tasks import anli

TASK = anli.of_rounds("anli_r1", "R1", train=16_946, evaluated=1_000)
