"""The field's words: private ones do not come back into code, configuration or documents."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORDS = {
    # private word: the field's
    r"nursery": "fork server",
    r"yardsticks?": "trivial baselines",
    r"pieces?": "tokens",
    r"tokens[_-]per[_-]pass": "max_tokens",
    r"calm\w*": "disable",
    r"heavy files?": "data files",
    r"gate": "check",
    r"teams?": "process group",
    r"set_rows_aside|rows aside": "vocabulary pruning",
    r"train_as_told": "train_from_spec",
    r"twins?": "language contrasts; microworld version",
    r"(hidden|guessed) tokens?": "masked tokens",
    r"models? of the next word": "causal language models",
    r"stands? for": "replaces, is short for",
    r"stands? beside": "is next to",
}
"""Regular expressions of words that mean nothing to a reader who knows torch and Snakemake."""


FILES = (
    "workflow_scripts rules docs studies profiles benchmarks Snakefile config.yaml README.md "
    "CONTRIBUTING.md"
).split()


def texts() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", *FILES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return [ROOT / name for name in listed.stdout.split() if not name.endswith(".svg")]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="the files are those that git knows")
@pytest.mark.parametrize("word", WORDS)
def test_a_private_word_does_not_occur(word: str) -> None:
    pattern = re.compile(rf"(?<![\w-])({word})(?![\w-])", re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in texts()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line) and "RENAMED" not in line  # messages name what was renamed
    ]
    assert not found, f"say {WORDS[word]!r}:\n" + "\n".join(found)
