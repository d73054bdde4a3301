"""XQuAD-R: XQuAD with sentence boundaries, for retrieval of sentences that answer a question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError
from xstilts.readers.squad_json import articles_of, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xstilts.kinds import Row

LANGUAGES = ("ar", "de", "el", "en", "es", "hi", "ru", "th", "tr", "vi", "zh")


def read_lareqa(paths: Sequence[Path], language: str) -> Iterator[Row]:
    """Yield the sentences of all languages as candidates, the questions of one as queries.

    A candidate's text is the sentence and its paragraph, without a separator and line ends, so
    that equal sentences of two paragraphs differ. The right candidates are the sentences in which
    the answers of all languages start, and identical sentences of the same paragraph.

    Args:
        paths: files ``LANGUAGE.json`` of all languages of XQuAD-R.
        language: the language of the questions.

    Yields:
        Rows in the schema "ranking".

    Raises:
        UserError: a language is missing, a file is not in the layout, an answer starts in no
            sentence, or a question occurs twice.

    Source: google-research/xtreme ``third_party/utils_lareqa.py`` and ``evaluate_retrieval.py``.
    """
    files = {path.stem: path for path in paths}
    if missing := [code for code in LANGUAGES if code not in files]:
        found = ", ".join(map(str, paths)) or "none"
        raise UserError(
            f"{found}: no file of {', '.join(missing)}. Candidates are the sentences of all "
            f"languages, so all of {', '.join(f'{code}.json' for code in LANGUAGES)} are needed."
        )
    right: dict[str, list[str]] = {}
    questions: dict[str, str] = {}
    paragraphs: dict[str, str] = {}
    for code in LANGUAGES:
        found_here: dict[str, str] = {}
        for number, (where, paragraph) in enumerate(_paragraphs(files[code]), start=1):
            yield from _candidates(paragraph, where, f"{code}_{number}", right, found_here)
            if code == language:
                for identifier in found_here:
                    paragraphs.setdefault(identifier, f"paragraph {number}")
        if code == language:
            questions = found_here
    for identifier, text in questions.items():
        yield {
            "id": f"{identifier}_{language}",
            "side": "query",
            "text": text,
            "matches": right[identifier],
            "cluster": paragraphs[identifier],
        }


def _paragraphs(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, article in enumerate(articles_of(path)):
        where = f"{path}: data[{number}]"
        for index, paragraph in enumerate(value_of(article, "paragraphs", list, where)):
            yield f"{where}.paragraphs[{index}]", paragraph


def _candidates(
    paragraph: dict[str, Any],
    where: str,
    name: str,
    right: dict[str, list[str]],
    questions: dict[str, str],
) -> Iterator[Row]:
    """Yield the sentences of a paragraph; adds to ``right`` and ``questions``."""
    context = value_of(paragraph, "context", str, where)
    breaks = value_of(paragraph, "sentence_breaks", list, where)
    if not all(isinstance(b, list) and len(b) == 2 for b in breaks):
        raise UserError(f"{where}.sentence_breaks: not a list of pairs of offsets.")
    sentences = [context[start:end] for start, end in breaks]
    for index, entry in enumerate(value_of(paragraph, "qas", list, where)):
        location = f"{where}.qas[{index}]"
        identifier = value_of(entry, "id", str, location)
        answers = value_of(entry, "answers", list, location)
        if len(answers) != 1:
            raise UserError(
                f"{location}: {len(answers)} answers; XQuAD-R has one for each question."
            )
        begin = value_of(answers[0], "answer_start", int, location)
        holding = [
            s for s, (start, end) in zip(sentences, breaks, strict=True) if start <= begin < end
        ]
        if not holding:
            raise UserError(
                f"{location} (id {identifier!r}): answer_start {begin} is in none of the sentences "
                f"{breaks}. Fetch the file again."
            )
        if identifier in questions:
            raise UserError(f"{location}: question id {identifier!r} occurs twice in the file.")
        questions[identifier] = value_of(entry, "question", str, location)
        same = [i for i, sentence in enumerate(sentences) if sentence == holding[0]]
        right.setdefault(identifier, []).extend(f"{name}_{i}" for i in same)
    for index, sentence in enumerate(sentences):
        text = candidate_text(sentence, context)
        yield {"id": f"{name}_{index}", "side": "candidate", "text": text, "matches": []}


def candidate_text(sentence: str, context: str) -> str:
    """A sentence and its paragraph as the official evaluation joins them."""
    return (sentence + context).replace("\n", "")
