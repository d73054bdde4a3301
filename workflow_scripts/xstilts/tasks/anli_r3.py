"""Adversarial NLI, round 3."""

from __future__ import annotations

from xstilts.tasks import anli

TASK = anli.of_rounds("anli_r3", "R3", train=100_459, evaluated=1_200)
