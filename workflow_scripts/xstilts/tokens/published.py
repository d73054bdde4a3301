"""Tokenizers of published checkpoints, imported without changing a single token id.

``tokenizer.json`` is copied as it is: transformers would rebuild it from its vocabulary by the
rules of a class, and lose its normalisation. Where a checkpoint has only a SentencePiece model or a
WordPiece vocabulary, the built tokenizer must give the ids of ``sentencepiece``, or of the
original BERT code, for texts in over 20 scripts.
"""

from __future__ import annotations

import logging
import shutil
import unicodedata
from functools import partial
from typing import TYPE_CHECKING, Any

from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, processors

from xstilts.checkpoints import tokenizer_sources
from xstilts.errors import UserError
from xstilts.files import read_json, write_json, write_text
from xstilts.models.families import COUNTED_FROM_PADDING
from xstilts.tokens.specials import ROLES, special_names
from xstilts.tokens.texts_to_compare import TEXTS
from xstilts.tokens.tokenizer import load_tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

LOGGER = logging.getLogger(__name__)

CONFIG = "tokenizer_config.json"

SHIFTED = {"xlm-roberta", "xlm-roberta-xl"}
"""Model types with fairseq's ids: those of SentencePiece plus one."""


def import_tokenizer(source: Path, out: Path, model_type: str | None) -> Tokenizer:
    """Write the fast tokenizer of a checkpoint into a folder, and return it.

    Args:
        source: checkpoint folder.
        out: folder for ``tokenizer.json``, ``tokenizer_config.json`` and
            ``special_tokens_map.json``; must exist.
        model_type: of its ``config.json``.

    Raises:
        UserError: no fast tokenizer can be built, or it would give other ids than the original.
    """
    config = read_json(source / CONFIG) if (source / CONFIG).is_file() else {}
    if not isinstance(config, dict):
        raise UserError(f"{source / CONFIG}: not a JSON object. Copy or download it again.")
    published = source / "tokenizer.json"
    if published.is_file():
        shutil.copyfile(published, out / published.name)
        known = _read(out / published.name, source)
        names = _class_names(source)
    else:
        loaded = _built(source, model_type)
        _complete_special_tokens(source, loaded)
        write_text(out / "tokenizer.json", loaded.backend_tokenizer.to_str(pretty=False))
        known = _read(out / "tokenizer.json", source)
        names = loaded.special_tokens_map
    if (source / CONFIG).is_file():
        shutil.copyfile(source / CONFIG, out / CONFIG)
    defaults = {
        role.removesuffix("_token"): token
        for role, token in names.items()
        if isinstance(token, str) and known.token_to_id(token) is not None
    }
    found = defaults | special_names(source)
    write_json(out / "special_tokens_map.json", {f"{role}_token": found[role] for role in found})
    return known


def _read(file: Path, source: Path) -> Tokenizer:
    """Return the tokenizer in a file.

    Raises:
        UserError: not one of the library ``tokenizers``; names the file in its checkpoint.
    """
    try:
        return Tokenizer.from_file(str(file))
    # the library raises no other class
    except Exception as error:
        raise UserError(
            f"{source / file.name}: damaged, or not a fast tokenizer ({error}). Copy or download "
            "it again."
        ) from None


def _class_names(source: Path) -> Mapping[str, Any]:
    """Return the special tokens that transformers' class names where the folder does not.

    Loading the class takes seconds; a folder that names the token of each role needs none.
    """
    if set(ROLES) <= special_names(source).keys():
        return {}
    try:
        return dict(_auto_tokenizer(source).special_tokens_map)
    except UserError:
        return {}


def _auto_tokenizer(source: Path, **options: Any) -> Any:
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(
            source, local_files_only=True, trust_remote_code=False, **options
        )
    # files of every kind of damage, and every tokenizer class, have errors of their own
    except Exception as error:
        raise UserError(
            f"{source}: transformers cannot load the tokenizer ({error!s:.200}). Use a checkpoint "
            "with a tokenizer.json."
        ) from error


def _built(source: Path, model_type: str | None) -> Any:
    """Return a fast tokenizer made from a SentencePiece model or a WordPiece vocabulary.

    Raises:
        UserError: of neither kind; or its ids are not those of the original.
    """
    file, texts = next(iter(tokenizer_sources(source)), None), TEXTS
    if file is not None and file.suffix in {".model", ".spm"}:
        loaded = _auto_tokenizer(source)
        original = _sentencepiece(loaded, file, int(model_type in SHIFTED))
    elif file is not None and file.name == "vocab.txt":
        options = {"do_lower_case": _is_lower_case(source, file)}
        loaded = _auto_tokenizer(source, **options)
        original = _wordpiece(loaded, file, options)
        # transformers' Python version composes characters, the original code of BERT does not
        texts = tuple(unicodedata.normalize("NFC", text) for text in TEXTS)
    else:
        raise UserError(
            f"{source}: no tokenizer.json, SentencePiece model or vocab.txt. Save the tokenizer in "
            "the fast format with the library that the checkpoint was published for: "
            "AutoTokenizer.from_pretrained(FOLDER, use_fast=True).save_pretrained(FOLDER)."
        )
    for text in texts:
        _require_equal_ids(source, loaded.backend_tokenizer, original, text)
    return loaded


def _complete_special_tokens(source: Path, loaded: Any) -> None:
    """Add the CLS and SEP tokens of a tokenizer that is built without its post-processor.

    Raises:
        UserError: nothing says which special tokens the model was trained with.
    """
    backend = loaded.backend_tokenizer
    if backend.encode("a").ids != backend.encode("a", add_special_tokens=False).ids:
        return
    cls, sep = loaded.cls_token, loaded.sep_token
    if cls is None or sep is None:
        raise UserError(
            f"{source}: no tokenizer.json, and nothing else says which special tokens surround a "
            "text. Copy the tokenizer.json of the published checkpoint there."
        )
    backend.post_processor = processors.TemplateProcessing(
        single=f"{cls} $A {sep}",
        pair=f"{cls} $A {sep} $B:1 {sep}:1",
        special_tokens=[(cls, loaded.cls_token_id), (sep, loaded.sep_token_id)],
    )


def _sentencepiece(loaded: Any, file: Path, shift: int) -> Callable[[str], list[int]]:
    """Normalise as a SentencePiece model does; return its function from text to ids."""
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2

    proto: Any = sentencepiece_model_pb2.ModelProto()  # type: ignore[attr-defined]
    proto.ParseFromString(file.read_bytes())
    spec = proto.normalizer_spec
    steps: list[normalizers.Normalizer] = []
    if spec.precompiled_charsmap:
        steps.append(normalizers.Precompiled(spec.precompiled_charsmap))
    if spec.remove_extra_whitespaces:
        steps += [normalizers.Strip(), normalizers.Replace(Regex(" {2,}"), " ")]
    backend = loaded.backend_tokenizer
    backend.normalizer = normalizers.Sequence(steps)
    backend.pre_tokenizer = pre_tokenizers.Metaspace(
        prepend_scheme="always" if spec.add_dummy_prefix else "never"
    )
    model = sentencepiece.SentencePieceProcessor(model_proto=proto.SerializeToString())

    # fairseq's first ids are <s>, <pad>, </s>, <unk>
    unknown = 3 if shift else model.unk_id()

    def ids(text: str) -> list[int]:
        return [unknown if model.is_unknown(i) else i + shift for i in model.encode(text)]

    return ids


def _is_lower_case(source: Path, vocabulary: Path) -> bool:
    """Return the flag of the folder; without one, False if the vocabulary has capital letters."""
    config = read_json(source / CONFIG) if (source / CONFIG).is_file() else {}
    if "do_lower_case" in config:
        return bool(config["do_lower_case"])
    tokens = vocabulary.read_text(encoding="utf-8").splitlines()
    return not any(token != token.lower() for token in tokens if not token.startswith("["))


def _wordpiece(loaded: Any, file: Path, options: Mapping[str, Any]) -> Callable[[str], list[int]]:
    """Return the function from text to ids of the original BERT code."""
    from transformers.models.bert.tokenization_bert_legacy import BertTokenizerLegacy

    kept = ("strip_accents", "tokenize_chinese_chars")
    given = {key: value for key in kept if (value := loaded.init_kwargs.get(key)) is not None}
    slow = BertTokenizerLegacy(str(file), **given, **options)
    return partial(slow.encode, add_special_tokens=False)


def _require_equal_ids(
    source: Path, backend: Tokenizer, original: Callable[[str], list[int]], text: str
) -> None:
    """Raise a UserError if the ids of a text are not those of the original."""
    expected, found = original(text), backend.encode(text, add_special_tokens=False).ids
    if expected != found:
        raise UserError(
            f"{source}: the fast tokenizer built from this folder gives other ids than the "
            f"original, as for {text!r}: {found} instead of {expected}. Copy the tokenizer.json of "
            "the published checkpoint there, or save it with the library that the checkpoint was "
            "published for."
        )


PADDING = (1024, 0.1)
"""Rows of a table of embeddings that may have no token: a number, or a part if that is more."""


def require_fit(
    source: Path, folder: Path, config: Mapping[str, Any], backend: Tokenizer | None = None
) -> None:
    """Raise a UserError unless a tokenizer is that of a model, by vocabulary and padding.

    Args:
        source: checkpoint folder, for the message.
        folder: imported tokenizer.
        config: the model's ``config.json``.
        backend: the imported ``tokenizer.json``, if that has been read already.
    """
    try:
        tokenizer = load_tokenizer(folder, backend)
    except UserError as error:
        raise UserError(f"{source}: {error}") from None
    size, pad = tokenizer.vocab_size, config.get("pad_token_id")
    expected = config.get("vocab_size") or config.get("text_config", {}).get("vocab_size")
    if expected and not expected - max(PADDING[0], PADDING[1] * expected) <= size <= expected:
        raise UserError(
            f"{source}: the tokenizer has {size:,} tokens, but the model {expected:,} (vocab_size "
            "in config.json), so it is that of another model. Copy the model's own tokenizer files "
            "there."
        )
    if config.get("model_type") in COUNTED_FROM_PADDING and pad not in (None, tokenizer.pad_id):
        raise UserError(
            f"{source}: the padding token has the id {tokenizer.pad_id} in the tokenizer, but "
            f"{pad} in config.json (pad_token_id), from which this model counts positions. Copy "
            "the model's own tokenizer files there."
        )
