"""Damaged products are named or have no effect; never another result without a word.

A bounded run is in the suite, a longer one in make test-full.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from damage_world import DAMAGES, DamageWorld

if TYPE_CHECKING:
    from pathlib import Path

    from checkout import Checkout

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

SEED = 15


@pytest.mark.parametrize("count", [60, pytest.param(1_200, marks=pytest.mark.full)])
def test_damaged_products_are_named_or_have_no_effect(
    done: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.chdir(done.folder)
    world, draw = DamageWorld(tmp_path / "scratch"), random.Random(SEED)
    kinds = sorted({path.relative_to(world.root).parts[0] for path in world.files})
    outcomes: Counter[str] = Counter()
    wrong, started = [], time.monotonic()
    for number in range(count):
        # all kinds of products in turn, since most files are small ones of a few kinds
        kind = kinds[number % len(kinds)]
        file = draw.choice([f for f in world.files if f.relative_to(world.root).parts[0] == kind])
        found = world.outcome(file, draw.choice(DAMAGES), draw)
        outcomes[found if found in ("named", "equal") else "wrong"] += 1
        if found not in ("named", "equal"):
            wrong.append(found)
    seconds = time.monotonic() - started
    sys.stdout.write(f"{count} damaged products: {dict(outcomes)}, {seconds:.0f} s\n")
    assert not wrong, wrong[:20]
    assert outcomes["named"] > count / 2
    # every file is as before
    assert done.command("verify").code == 0
