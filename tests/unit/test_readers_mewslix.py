from __future__ import annotations

import json
from pathlib import Path

import pytest

from xstilts.data.sources import original_files
from xstilts.errors import UserError
from xstilts.readers.mewslix import ENTITIES, read_mewslix
from xstilts.tasks import TASKS

TEXT = "Kopf\nDas {alte} Haus  in Köln brennt. Ann lief."
BREAK = TEXT.index(" Ann")
SPANS = [{"start": 0, "end": BREAK}, {"start": BREAK + 1, "end": len(TEXT)}]


def entity(identifier: str, description: str, *ends: int) -> dict:
    spans = [{"start": a, "end": b} for a, b in zip((0, *ends), ends, strict=False)]
    return {"entity_id": identifier, "title": "-", "description": description,
            "sentence_spans": spans}  # fmt: skip


def mention(identifier: str, gold: str, start: int, end: int, text: str) -> dict:
    return {"example_id": identifier, "entity_id": gold,
            "mention_span": {"start": start, "end": end, "text": text}}  # fmt: skip


def article(language: str, *mentions: dict, **changes: object) -> dict:
    context = {"language": language, "text": TEXT, "sentence_spans": SPANS} | changes
    return {"context": context, "mentions": list(mentions)}


AT = TEXT.index("Köln")
KOELN = mention("m1", "Q365", AT, AT + 4, "Köln")
ANN = mention("m2", "Q7", BREAK + 1, BREAK + 4, "Ann")
POOL = [entity("Q365", "Cologne is a city. It is old.", 18, 29), entity("Q7", "Ann.\nA name.", 4)]


def write(folder: Path, articles: list[dict], pool: list[dict] = POOL) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / ENTITIES, folder / "wikinews_mentions-test.jsonl"]
    for path, items in zip(paths, (pool, articles), strict=True):
        path.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
    return paths


def test_entities_and_the_mentions_of_a_language(tmp_path):
    paths = write(tmp_path, [article("en", KOELN), article("de", KOELN), article("de", ANN)])
    assert list(read_mewslix(paths, "de")) == [
        {"id": "Q365", "side": "candidate", "text": "Cologne is a city. It is old.", "matches": []},
        {"id": "Q7", "side": "candidate", "text": "Ann.", "matches": []},
        {
            "id": "m1",
            "side": "query",
            # the text's own braces escaped, the line end a space, double spaces single
            "text": "Köln: Kopf Das (alte) Haus in { Köln } brennt.",
            "matches": ["Q365"],
        },
        {"id": "m2", "side": "query", "text": "Ann: { Ann } lief.", "matches": ["Q7"]},
    ]


@pytest.mark.parametrize(
    ("articles", "message"),
    [
        ([article("en", KOELN)], r"'de' is not .*language of these mentions.*Known: en"),
        ([article("de", KOELN, ANN, KOELN)], r":1: mentions\[2\]: id 'm1' occurs twice"),
        ([article("de", KOELN | {"entity_id": "Q1"})], r"'Q1' is not in candidate_set"),
        (
            [article("de", mention("m", "Q7", 0, 4, "Köln"))],
            r"has 'Kopf' at 0:4, not the mention 'Köln'",
        ),
        (
            [article("de", mention("m", "Q7", AT, BREAK + 4, TEXT[AT : BREAK + 4]))],
            r"in no single sentence",
        ),
        ([article("de", KOELN, text="")], r"no text\. The release omits it.*get-mewsli-x\.sh"),
        ([{"mentions": []}], r"test\.jsonl:1: no key 'context'"),
    ],
)
def test_broken_mentions_name_the_location(tmp_path, articles, message):
    with pytest.raises(UserError, match=message):
        list(read_mewslix(write(tmp_path, articles), "de"))


def test_broken_entities_name_the_line(tmp_path):
    with pytest.raises(UserError, match=r"entities\.jsonl:2: entity 'Q7' occurs twice"):
        list(read_mewslix(write(tmp_path, [article("de", ANN)], [POOL[1]] * 2), "de"))
    paths = write(tmp_path, [article("de", ANN)])
    with pytest.raises(UserError, match=r"needs candidate_set_entities\.jsonl and one file"):
        list(read_mewslix(paths[1:], "de"))
    paths[0].write_text(paths[0].read_text()[:-9])
    with pytest.raises(UserError, match=r"entities\.jsonl:2: not valid JSON.*truncated"):
        list(read_mewslix(paths, "de"))


def test_both_files_are_needed(tmp_path):
    paths = write(tmp_path / "mewslix", [article("de", ANN)])
    (tmp_path / "mewslix/wikipedia_pairs-dev.jsonl").touch()
    assert sorted(original_files(TASKS["mewslix"], tmp_path, "de", "test")) == sorted(paths)
    paths[0].unlink()
    with pytest.raises(UserError, match=r"no file of mewslix .*candidate_set_entities\.jsonl \+ "):
        original_files(TASKS["mewslix"], tmp_path, "de", "test")
