"""Mewsli-X: mentions in news with a million candidate entities, and pairs from Wikipedia."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError, unknown
from xstilts.readers.lines import json_lines
from xstilts.readers.squad_json import value_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xstilts.kinds import Row

ENTITIES = "candidate_set_entities.jsonl"
_MARKED = re.compile(r"\{(.*?)\}")


def read_mewslix(paths: Sequence[Path], language: str) -> Iterator[Row]:
    """Yield all entities as candidates, and the mentions in one language as queries.

    Texts are those of the release's baseline (``preprocess_mention`` and
    ``preprocess_entity_description``): the sentence of a mention with the mention marked and put
    in front, and the sentences of an entity's description.

    Args:
        paths: the file of entities and one of mentions.
        language: language of the articles whose mentions are read.

    Yields:
        Rows in the schema "ranking".

    Raises:
        UserError: other files, a line of another layout, a mention that is not at its offsets, in
            no sentence or of an unknown entity, an id that occurs twice, no mention in the
            language.

    Source: google-research/google-research ``dense_representations_for_entity_retrieval/mel/
    mewsli_x/schema.py``, which google-research/xtreme has as ``third_party/utils_mewslix.py``.
    """
    entities = [path for path in paths if path.name == ENTITIES]
    mentions = [path for path in paths if path.name != ENTITIES]
    if len(entities) != 1 or len(mentions) != 1:
        found = ", ".join(map(str, paths)) or "none"
        raise UserError(f"{found}: Mewsli-X needs {ENTITIES} and one file of mentions.")
    known: set[str] = set()
    for where, entity in json_lines(entities[0]):
        row = _candidate(entity, where)
        if row["id"] in known:
            raise UserError(f"{where}: entity {row['id']!r} occurs twice. Fetch the file again.")
        known.add(row["id"])
        yield row
    seen: set[str] = set()
    others: set[str] = set()
    for where, article in json_lines(mentions[0]):
        context = value_of(article, "context", dict, where)
        spoken = value_of(context, "language", str, f"{where}: context")
        if spoken != language:
            others.add(spoken)
            continue
        for index, mention in enumerate(value_of(article, "mentions", list, where)):
            row = _query(context, mention, f"{where}: mentions[{index}]")
            if row["matches"][0] not in known:
                raise UserError(
                    f"{where}: mentions[{index}]: entity {row['matches'][0]!r} is not in "
                    f"{ENTITIES}. The files have different versions, or that one was truncated."
                )
            if row["id"] in seen:
                raise UserError(f"{where}: mentions[{index}]: id {row['id']!r} occurs twice.")
            seen.add(row["id"])
            yield row
    if not seen:
        raise unknown("language of these mentions", language, others, str(mentions[0]))


def read_wikipedia_pairs(paths: Sequence[Path], language: str) -> Iterator[Row]:
    """Yield mentions in Wikipedia as queries, each after its entity; each entity occurs once.

    Texts are as in :func:`read_mewslix`.

    Args:
        paths: files ``wikipedia_pairs-SPLIT.jsonl``.
        language: the language of the articles.

    Yields:
        Rows in the schema "ranking".

    Raises:
        UserError: a line of another layout, an article in another language, a mention that
            is not at its offsets or in no sentence, an id that occurs twice, an entity with two
            descriptions or none.
    """
    described: dict[str, tuple[str, str]] = {}
    seen: dict[str, str] = {}
    for path in paths:
        for where, pair in json_lines(path):
            mention = value_of(pair, "contextual_mention", dict, where)
            context = value_of(mention, "context", dict, f"{where}: contextual_mention")
            spoken = value_of(context, "language", str, f"{where}: context")
            if spoken != language:
                raise UserError(f"{where}: an article in {spoken!r}, but {language!r} is expected.")
            query = _query(context, mention.get("mention"), f"{where}: mention")
            entity = _candidate(value_of(pair, "entity", dict, where), f"{where}: entity")
            _check_pair(query, entity, where)
            if query["id"] in seen:
                raise UserError(f"{where}: id {query['id']!r} also occurs at {seen[query['id']]}.")
            seen[query["id"]] = where
            text, first_at = described.setdefault(entity["id"], (entity["text"], where))
            if text != entity["text"]:
                raise UserError(
                    f"{where}: entity {entity['id']!r} has another description than at "
                    f"{first_at}. The release has one for each entity; fetch the file again."
                )
            if first_at == where:
                yield entity
            yield query


def _check_pair(query: Row, entity: Row, where: str) -> None:
    if query["matches"] != [entity["id"]]:
        raise UserError(
            f"{where}: the mention is of entity {query['matches'][0]!r}, but paired with "
            f"{entity['id']!r}. Fetch the file again."
        )
    if not entity["text"]:
        raise UserError(f"{where}: entity {entity['id']!r} has no description. Remove the line.")


def _candidate(entity: dict[str, Any], where: str) -> Row:
    """An entity with the sentences of its description, as the baseline writes it."""
    identifier = value_of(entity, "entity_id", str, where)
    description = value_of(entity, "description", str, where)
    spans = value_of(entity, "sentence_spans", list, where)
    sentences = [description[start:end] for start, end in _spans(spans, where)]
    text = _plain(" ".join(sentences))
    return {"id": identifier, "side": "candidate", "text": text, "matches": []}


def _spans(spans: Sequence[Any], where: str) -> Iterator[tuple[int, int]]:
    for span in spans:
        yield value_of(span, "start", int, where), value_of(span, "end", int, where)


def _query(context: dict[str, Any], mention: object, where: str) -> Row:
    """A mention with its sentence, as the baseline writes it."""
    text = value_of(context, "text", str, f"{where}: context")
    if not text:
        raise UserError(
            f"{where}: the article has no text. The release omits it: run its script "
            "get-mewsli-x.sh, which restores it from WikiNews."
        )
    identifier = value_of(mention, "example_id", str, where)
    entity = value_of(mention, "entity_id", str, where)
    span = value_of(mention, "mention_span", dict, where)
    start, end = (value_of(span, key, int, where) for key in ("start", "end"))
    name = value_of(span, "text", str, where)
    if text[start:end] != name:
        raise UserError(
            f"{where} (id {identifier!r}): the article has {text[start:end]!r} at {start}:{end}, "
            f"not the mention {name!r}. Offsets count code points; create the file again with the "
            "release's script."
        )
    sentences = value_of(context, "sentence_spans", list, f"{where}: context")
    holding = [(a, b) for a, b in _spans(sentences, where) if a <= start < b and a < end <= b]
    if not holding:
        raise UserError(f"{where} (id {identifier!r}): the mention is in no single sentence.")
    first, last = holding[0]
    # braces of the text itself must not look like marks of the mention
    left, right = (_MARKED.sub(r"(\1)", part) for part in (text[first:start], text[end:last]))
    query = _plain(f"{name}: {left} {{ {name} }} {right}")
    return {"id": identifier, "side": "query", "text": query, "matches": [entity]}


def _plain(text: str) -> str:
    """The text without line ends and some double spaces, exactly as in the baseline."""
    return " ".join(text.splitlines()).replace("  ", " ").strip()
