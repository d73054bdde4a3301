"""The tokenizer of a base model as a folder that gives ``AutoTokenizer`` the same ids."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from tokenizers import Tokenizer

from xstilts.errors import UserError
from xstilts.files import read_json, write_json
from xstilts.tokens.specials import special_names
from xstilts.tokens.texts_to_compare import TEXTS

if TYPE_CHECKING:
    from pathlib import Path

    from xstilts.tokens.tokenizer import FastTokenizer

_CONFIG = "tokenizer_config.json"


def write_tokenizer(
    tokenizer: FastTokenizer, source: Path, out: Path, *, max_length: int, types: bool
) -> None:
    """Write a tokenizer, with the special tokens that this project puts around texts.

    Args:
        tokenizer: the tokenizer.
        source: its folder.
        out: folder to write to.
        max_length: longest sequence of its model, in tokens.
        types: True if the model is given token types.

    Raises:
        UserError: ``AutoTokenizer`` gives other ids for texts in many scripts.
    """
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    # transformers would add a token that the vocabulary lacks
    names = {
        f"{role}_token": token
        for role, token in special_names(source).items()
        if tokenizer.backend.token_to_id(token) is not None
    }
    pad = tokenizer.backend.id_to_token(tokenizer.pad_id)
    PreTrainedTokenizerFast(
        # a copy: transformers adds special tokens to the one that it is given
        tokenizer_object=Tokenizer.from_str(tokenizer.backend.to_str()),
        model_input_names=["input_ids", *(["token_type_ids"] if types else []), "attention_mask"],
        model_max_length=max_length,
        **{"pad_token": pad, **names},
    ).save_pretrained(out)
    # the name that versions 4 and 5 know; a class of its own would rebuild the tokenizer
    write_json(
        out / _CONFIG, {**read_json(out / _CONFIG), "tokenizer_class": "PreTrainedTokenizerFast"}
    )
    written = AutoTokenizer.from_pretrained(out, local_files_only=True)
    # longer than the model takes is no error here
    written.deprecation_warnings["sequence-length-is-longer-than-the-specified-maximum"] = True
    for text, other in itertools.pairwise(TEXTS):
        for texts in ((text,), (text, other)):
            if written(*texts)["input_ids"] != tokenizer.backend.encode(*texts).ids:
                raise UserError(
                    f"{source}: AutoTokenizer of the exported folder gives other token ids for "
                    f"{texts!r:.80}. Please report it with the name of the base model."
                )
