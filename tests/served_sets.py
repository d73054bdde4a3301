"""Small data sets in their official layouts: repositories of the hub, and releases by address.

A study on them is sent here by ``HF_ENDPOINT`` and ``url_mirrors``. Texts are made up, or the first
examples of real files where there are some.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

import hub_files
from release_layouts import ARCHIVES, packed
from xstilts.data.file_patterns import JOINER, filled
from xstilts.data.release_requests import release_archives
from xstilts.data.sources import original_files
from xstilts.errors import UserError
from xstilts.grid.source_choice import parts
from xstilts.readers.lareqa import LANGUAGES
from xstilts.tasks import masakhanews, nusax, sib200
from xstilts.tasks.tydiqa import TASK as TYDIQA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from hub_server import Hub
    from release_server import Site
    from xstilts.grid import Grid
    from xstilts.tasks.base import Archive, Task

ROWS = {"train": 24, "validation": 8, "test": 8}
"""Examples of each split, fewer if the real files have fewer."""
TAGS = ("NOUN", "VERB", "PUNCT")


def sentence(code: str, number: int) -> str:
    """A sentence that occurs once."""
    return f"In {code} the dog number {number} sleeps near house {number * 7 % 13}."


def named(names: Iterable[str]) -> dict[str, Any]:
    """Features of a table whose labels have names."""
    return {"label": {"names": list(names), "_type": "ClassLabel"}}


# --- the hub ----------------------------------------------------------------------------------


def inference(code: str, number: int) -> dict[str, Any]:
    """MultiNLI, SNLI, ANLI, XNLI, AmericasNLI."""
    other = f"Dog {number} rests in {code}."
    return {"premise": sentence(code, number), "hypothesis": other, "label": number % 3}


def paraphrase(code: str, number: int) -> dict[str, Any]:
    """PAWS-X."""
    text = sentence(code, number)
    return {"sentence1": text, "sentence2": text.replace("the", "a"), "label": number % 2}


def names(code: str, number: int) -> dict[str, Any]:
    """PAN-X and MasakhaNER."""
    return {"tokens": ["Ada", code, "sleeps", str(number)], "ner_tags": [1, 5, 0, 0]}


def question(code: str, number: int) -> dict[str, Any]:
    """SQuAD."""
    text = sentence(code, number)
    found = {"text": ["dog"], "answer_start": [text.index("dog")]}
    asked = f"Who sleeps near house {number}?"
    return {"id": f"{code}{number}", "title": "t", "context": text, "question": asked} | {
        "answers": found
    }


def translation(code: str, number: int) -> dict[str, Any]:
    """Tatoeba, with the line ends of its files."""
    sides = (f"{sentence(code, number)}\n", f"{sentence('eng', number)}\n")
    return dict(zip(("source_sentence", "target_sentence"), sides, strict=True))


def causes(code: str, number: int) -> dict[str, Any]:
    """COPA and XCOPA."""
    texts = {"premise": sentence(code, number), "choice1": "It rests.", "choice2": "It barks."}
    return texts | {"question": ("cause", "effect")[number % 2], "idx": number, "label": number % 2}


def passage(code: str, number: int) -> dict[str, Any]:
    """Cosmos QA."""
    answers = {f"answer{i}": f"House {number + i} of {code}." for i in range(4)}
    text = {"id": str(number), "context": sentence(code, number), "question": "Where is the dog?"}
    return text | answers | {"label": number % 4}


def labelled(column: str, labels: int) -> Callable[[str, int], dict[str, Any]]:
    """A text with one of some labels."""

    def row(code: str, number: int) -> dict[str, Any]:
        return {"id": number, column: sentence(code, number), "label": number % labels}

    return row


TABLES: dict[str, tuple[Callable[[str, int], dict[str, Any]], dict[str, Any] | None]] = {
    **dict.fromkeys(("mnli", "snli", "anli", "xnli", "americasnli"), (inference, hub_files.CLASS)),
    **dict.fromkeys(("panx", "masakhaner1", "masakhaner2"), (names, None)),
    **dict.fromkeys(("squad_v1", "squad_pairs"), (question, None)),
    **dict.fromkeys(("copa", "xcopa"), (causes, None)),
    "pawsx": (paraphrase, named("01")),
    "tatoeba": (translation, None),
    "cosmosqa": (passage, None),
    "nusax": (labelled("text", 3), named(nusax.LABELS)),
    "afrisenti": (labelled("tweet", 3), named(nusax.LABELS)),
    "masakhanews": (labelled("headline_text", 7), named(masakhanews.LABELS)),
}
"""Row and features of the Parquet files of a task."""


def plain_table(task: str, code: str, count: int) -> bytes:
    """A file of a repository that keeps the release files: SIB-200, AfriXNLI, Belebele."""
    if task == "belebele":
        answers = {f"mc_answer{i}": f"House {i}." for i in (1, 2, 3, 4)}
        items = [
            {"link": "l", "split": "dev", "question_number": number, "question": "Where is it?"}
            | {"flores_passage": sentence(code, number), "correct_answer_num": "1", **answers}
            for number in range(count)
        ]
        return "".join(json.dumps(item) + "\n" for item in items).encode()
    lines = ["premise\thypothesis\tlabel"]
    if task == "sib200":
        lines = ["index_id\tcategory\ttext"]
    for number in range(count):
        row = inference(code, number)
        if task == "sib200":
            lines.append(f"{number}\t{sib200.LABELS[number % 7]}\t{row['premise']}")
        else:
            lines.append(f"{row['premise']}\t{row['hypothesis']}\t{row['label']}")
    return ("\n".join(lines) + "\n").encode()


def hub_file(task: Task, language: str, split: str, folder: Path, real: Path | None) -> bytes:
    """The file of a data set in its repository."""
    assert task.hub is not None
    code, count = task.hub.codes.get(language, language), ROWS[split]
    found = real_files(task, real, language, split)
    if task.name in ("sib200", "afrixnli", "belebele"):
        if found:
            return b"\n".join(found[0].read_bytes().split(b"\n")[: count + 1]) + b"\n"
        return plain_table(task.name, code, count)
    out = folder / "table.parquet"
    if found and task.name in hub_files.RENDERERS:
        hub_files.render(task.name, found, out)
        pq.write_table(pq.read_table(out).slice(0, count), out)
    else:
        make, features = TABLES[task.name]
        types = {"answers": hub_files.ANSWERS} if make is question else None
        rows = [make(f"{code} {task.name} {split}", number) for number in range(count)]
        hub_files.write_parquet(out, rows, features, types)
    return out.read_bytes()


# --- releases ---------------------------------------------------------------------------------


def articles(code: str, *, breaks: bool = False) -> bytes:
    """A file in SQuAD's layout; with the offsets of sentences, as in XQuAD-R."""
    paragraphs = []
    for number in range(ROWS["test"]):
        row = question(code, number)
        answers = [{"text": "dog", "answer_start": row["answers"]["answer_start"][0]}]
        asked = {"id": f"{code}-{number}", "question": row["question"], "answers": answers}
        paragraph = {"context": row["context"], "qas": [asked]}
        if breaks:
            asked["id"] = str(number)
            paragraph["sentence_breaks"] = [[0, len(row["context"])]]
        paragraphs.append(paragraph)
    return json.dumps({"version": "1", "data": [{"title": "t", "paragraphs": paragraphs}]}).encode()


def all_articles() -> bytes:
    """TyDiQA's file, whose ids name the language."""
    files = (json.loads(articles(code)) for code in TYDIQA.codes.values())
    return json.dumps({"data": [article for file in files for article in file["data"]]}).encode()


def tagged(code: str, count: int, *, conllu: bool) -> bytes:
    """Universal Dependencies or MasakhaPOS."""
    blocks = []
    for number in range(count):
        words = zip((f"{code}{number}", "sleeps", "."), TAGS, strict=True)
        lines = [f"{word} {tag}" for word, tag in words]
        if conllu:
            lines = [
                "\t".join([str(i), *(word, word, tag), *"____", "_", "_"])
                for i, (word, tag) in enumerate((line.split() for line in lines), start=1)
            ]
        blocks.append("\n".join(lines) + "\n\n")
    return "".join(blocks).encode()


def mined(name: str) -> bytes:
    """A file of BUCC: sentences with ids, or pairs of ids."""
    pair, part, end = name.rpartition("/")[2].split(".")
    if end == "gold":
        return b"".join(f"{pair[:2]}-{n}\ten-{n}\n".encode() for n in range(4))
    lines = (f"{end}-{n}\t{sentence(f'{part} {end}', n)}\n" for n in range(12))
    return "".join(lines).encode()


def member(name: str, real: Path | None) -> bytes:
    """A file of an archive."""
    file = name.rpartition("/")[2]
    if file.endswith(".conllu"):
        if real and (found := sorted(real.glob(f"ud/*/{file}"))):
            blocks = found[0].read_text(encoding="utf-8").split("\n\n")[: ROWS["train"]]
            return ("\n\n".join(blocks) + "\n\n").encode()
        return tagged(file[:2], ROWS["train"], conllu=True)
    if file.endswith(".json"):
        return articles(file.rpartition("-")[2].removesuffix(".json"))
    return mined(name) if name.startswith("bucc2018") else name.encode()


def plain_file(task: Task, language: str, split: str, archive: Archive, real: Path | None) -> bytes:
    """A release that is one file."""
    code = task.codes.get(language, language)
    if task.name == "lareqa":
        return articles(code, breaks=True)
    if task.name == "tydiqa":
        return all_articles()
    if task.name == "tatoeba":
        end = archive.url.rpartition(".")[2].format(code=code)
        lines = (sentence(end, number) + "\n" for number in range(ROWS["test"]))
        return "".join(lines).encode()
    found = real_files(task, real, language, split)
    if task.name == "xquad" and found:
        content = json.loads(found[0].read_text(encoding="utf-8"))
        first = content["data"][0]
        first["paragraphs"] = first["paragraphs"][:2]
        return json.dumps({"data": [first]}).encode()
    if found:
        blocks = found[0].read_text(encoding="utf-8").split("\n\n")[: ROWS["test"]]
        return ("\n\n".join(blocks) + "\n\n").encode()
    return articles(code) if task.kind == "span" else tagged(code, ROWS["test"], conllu=False)


def real_files(task: Task, root: Path | None, language: str, split: Any) -> list[Path]:
    """The real release files of a data set; empty if there are none."""
    try:
        return original_files(task, root, language, split) if root else []
    except UserError:
        return []


# --- both -------------------------------------------------------------------------------------


def serve(
    grid: Grid, sets: dict[str, list[tuple[str, Any]]], hub: Hub, site: Site, folder: Path,
    real: Path | None,
) -> None:  # fmt: skip
    """Serve the data sets of a study, (language, split) pairs by task, where it looks for them.

    Temporary files are in ``folder``; ``real`` is the folder of real release files.
    """
    for name, wanted in sets.items():
        task = grid.study.known_tasks[name]
        # text is not read from files of a task
        for language, split in wanted if task.kind != "mlm" else ():
            for part in parts(grid.study, task, language, split):
                if part.source == "hub":
                    assert part.task.hub is not None
                    hub.branches[part.task.hub.revision] = ""
                    patterns = filled(part.task.hub.files[split], language, part.task.hub.codes)
                    for pattern in patterns[0].split(JOINER):
                        # ANLI is the files train_r1, train_r2 and train_r3: the first is enough
                        path = pattern.replace("_r[123]", "_r1").replace("*", "00000-of-00001")
                        content = hub_file(part.task, language, split, folder, real)
                        hub.files.setdefault(part.task.hub.repo, {})[path] = content
                elif part.source == "url":
                    _publish(part.task, language, split, site, real)


def _publish(task: Task, language: str, split: Any, site: Site, real: Path | None) -> None:
    """Serve the archives of a data set."""
    for archive in release_archives(task, language, split):
        url = archive.url.format(language=language, code=task.codes.get(language, language))
        address = url.removeprefix("https://")
        if address in site.files:
            continue
        if archive.members:
            members = {name: member(name, real) for name in ARCHIVES[address]}
            site.files[address] = packed(address, members)
        else:
            of = next((code for code in LANGUAGES if address.endswith(f"xquad-r/{code}.json")), "")
            site.files[address] = plain_file(task, of or language, split, archive, real)
