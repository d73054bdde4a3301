"""Training of tokenizers, and tokenisation of data sets."""

from __future__ import annotations

import logging
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError
from xstilts.identity import digest
from xstilts.manifest import KEPT, Manifest, contents, full_identity, keep, reuse, write_manifest
from xstilts.results.unknown_tokens import NOTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LOGGER = logging.getLogger(__name__)


def _pretraining_texts(manifests: Sequence[Path]) -> Iterator[str]:
    import pyarrow.parquet as pq

    for manifest in manifests:
        file = pq.ParquetFile(manifest.with_suffix(".parquet"))
        for batch in file.iter_batches(10_000, columns=["text"]):
            yield from batch.column("text").to_pylist()


def build_tokenizer(identity: dict[str, Any], manifests: Sequence[Path], manifest: Path) -> None:
    """Train a tokenizer on pretraining text into the manifest's folder."""
    from xstilts.tokens.unigram import train_unigram

    inputs = contents(manifests)
    full = full_identity(identity, inputs)
    if reuse(manifest, full):
        return
    train_unigram(_pretraining_texts(manifests), identity["vocab_size"], manifest.parent)
    own = {manifest.name, KEPT}
    files = {path.name: path for path in manifest.parent.iterdir() if path.name not in own}
    write_manifest(manifest, full, files=files, facts={})
    keep(manifest)


def prepare_tokens(
    identity: dict[str, Any],
    data: Path,
    tokenizer: Path,
    tokens: Path,
    manifest: Path,
    max_unknown_percent: int = 100,
) -> Manifest:
    """Tokenise one data set.

    Args:
        identity: declared identity of the tokens (``xstilts.grid.identities.tokens``).
        data: manifest of the data set.
        tokenizer: manifest of the tokenizer.
        tokens: the Arrow file to write.
        manifest: its manifest, written last.
        max_unknown_percent: largest accepted share of unknown tokens.

    Raises:
        UserError: more unknown tokens than that: the base model cannot read the text.
    """
    from xstilts.tokens.prepare import prepare_tokens as write_tokens

    inputs = contents([data, tokenizer])
    truncation = identity.get("truncation", "context")
    with _texts(data.with_suffix(".parquet"), identity.get("prefixes")) as texts:
        facts = write_tokens(
            texts,
            tokens,
            kind=identity["kind"],
            labels=identity["labels"],
            tokenizer_dir=tokenizer.parent,
            max_length=identity["max_length"],
            doc_stride=identity["doc_stride"],
            truncation=truncation,
        )
    if facts["num_truncated"]:
        _log_truncated(data, facts, identity, truncation)
    _check_unknown(data, facts, tokens, tokenizer.parent, max_unknown_percent)
    full = full_identity(identity, inputs)
    # the content is the identity: tokens are a deterministic function of it
    return write_manifest(
        manifest, full, files={tokens.name: tokens}, facts=facts, content=digest(full)
    )


@contextmanager
def _texts(data: Path, prefixes: Mapping[str, str] | None) -> Iterator[Path]:
    """Yield the file to tokenise: the data, or a temporary copy with prefixes."""
    if prefixes is None:
        yield data
        return
    from xstilts.tokens.prefixes import write_prefixed

    with tempfile.TemporaryDirectory() as folder:
        write_prefixed(data, Path(folder) / data.name, prefixes)
        yield Path(folder) / data.name


def _log_truncated(
    data: Path, facts: Mapping[str, int], identity: Mapping[str, Any], truncation: str
) -> None:
    part = {"context": "the context"}.get(truncation, f"the {truncation} of prompt or choice")
    LOGGER.info(
        "%s: %s of %s examples were cut to %d tokens%s",
        "/".join(data.with_suffix("").parts[-3:]),
        f"{facts['num_truncated']:,}",
        f"{facts['num_examples']:,}",
        identity["max_length"],
        f", losing part of {part}" if identity["kind"] == "multiple_choice" else "",
    )


def _check_unknown(
    data: Path, facts: Mapping[str, int], tokens: Path, tokenizer_dir: Path, max_percent: int
) -> None:
    """Warn of unknown tokens; delete the tokens and raise a UserError if there are too many."""
    share = facts["num_unknown"] / max(1, facts["num_tokens"])
    if share > NOTED:
        LOGGER.warning("%.1f %% of the tokens of %s are unknown to the model", 100 * share, data)
    if 100 * share > max_percent:
        tokens.unlink()
        raise UserError(
            f"{data}: {100 * share:.1f} % of the tokens are unknown to the tokenizer in "
            f"{tokenizer_dir} (accepted: {max_percent} %), so the model cannot read this text. "
            "Check that the tokenizer is the model's own. If it is, leave this language out, or "
            "accept it with the key `max_unknown` of the base."
        )
