"""Training of a SentencePiece Unigram tokenizer with XLM-R's conventions."""

from __future__ import annotations

import io
import math
from collections import Counter
from typing import TYPE_CHECKING

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

from xstilts.errors import UserError
from xstilts.files import write_json, write_text

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping
    from pathlib import Path

XLMR_SPECIALS = ("<s>", "<pad>", "</s>", "<unk>")
"""The first ids of XLM-R's vocabulary, in order; ``<mask>`` is its last."""


def train_unigram(texts: Iterable[str], vocab_size: int, out_dir: Path) -> None:
    """Train a SentencePiece Unigram tokenizer with XLM-R's conventions into a folder.

    Equal texts in equal order give equal bytes. The vocabulary is smaller than requested if the
    texts do not contain enough candidates.

    Args:
        texts: one text per item.
        vocab_size: number of ids, the five special tokens included.
        out_dir: folder for ``tokenizer.json``, ``tokenizer_config.json`` and
            ``special_tokens_map.json``, as ``transformers.AutoTokenizer`` reads them.

    Raises:
        UserError: the vocabulary is too small for the texts' characters, or too large for them.
    """
    # XLM-R normalises with NFKC and collapses white space
    normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " ")])
    counts: Counter[str] = Counter()

    def counted() -> Iterator[str]:
        for text in map(normalizer.normalize_str, texts):
            counts.update(text.split())
            yield text

    token_ids = _unigram_tokens(counted(), vocab_size - 1)
    token_ids += _frequent_words(
        counts, {token for token, _ in token_ids}, vocab_size - 1 - len(token_ids)
    )
    tokenizer = Tokenizer(models.Unigram(token_ids, XLMR_SPECIALS.index("<unk>"), False))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    mask = AddedToken("<mask>", lstrip=True, special=True, normalized=False)
    tokenizer.add_special_tokens([*XLMR_SPECIALS, mask])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    write_text(out_dir / "tokenizer.json", tokenizer.to_str(pretty=False))
    names = {
        "bos_token": "<s>",
        "eos_token": "</s>",
        "cls_token": "<s>",
        "sep_token": "</s>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "mask_token": "<mask>",
    }
    write_json(out_dir / "special_tokens_map.json", names)
    write_json(
        out_dir / "tokenizer_config.json", names | {"tokenizer_class": "PreTrainedTokenizerFast"}
    )


def _frequent_words(
    counts: Mapping[str, int], known: Container[str], room: int
) -> list[tuple[str, float]]:
    """Return the most frequent words that are not tokens yet, to fill the vocabulary.

    SentencePiece takes its candidates from the *distinct* words. In text of few distinct words,
    such as the microworld's, a word that is not part of another word never becomes a token, however
    frequent it is. Real text fills the vocabulary, and nothing is added.
    """
    total = sum(counts.values())
    # ties in alphabetical order, so that equal texts give equal bytes
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    words = [(f"\u2581{word}", math.log(count / total)) for word, count in ranked if count > 1]
    return [(word, score) for word, score in words if word not in known][: max(0, room)]


def _unigram_tokens(texts: Iterable[str], size: int) -> list[tuple[str, float]]:
    """Return tokens with their log probabilities, XLM-R's special tokens first.

    The Unigram trainer of ``tokenizers`` is not used: its results vary from run to run.
    """
    import sentencepiece  # needed only for base models that are pretrained here

    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=(text for text in texts if text.strip()),
            model_writer=model,
            model_type="unigram",
            vocab_size=size,
            hard_vocab_limit=False,
            # XLM-R's; rarer characters are unknown
            character_coverage=0.9995,
            normalization_rule_name="identity",
            max_sentence_length=1 << 20,
            bos_id=0,
            pad_id=1,
            eos_id=2,
            unk_id=3,
            # so that sums have a fixed order
            num_threads=1,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise UserError(
            f"vocab_size: cannot train a tokenizer with {size + 1} ids on these texts ({error}). "
            "Use another vocab_size, or more text."
        ) from None
    trained = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    learned = range(len(XLMR_SPECIALS), trained.get_piece_size())
    return [
        *((name, 0.0) for name in XLMR_SPECIALS),
        *((trained.id_to_piece(index), trained.get_score(index)) for index in learned),
    ]
