"""Translation of questions: the answer is projected into the context, or the example is dropped.

First the context is translated with its answer between marks. If the model does not copy the marks,
the answer is translated separately and searched for in the translation of the plain context.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from xstilts.translation.fields import Translated, is_blank
from xstilts.translation.projection import Marks, Span, find, mark, unmark
from xstilts.translation.sentences import Sentence, join

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from xstilts.kinds import Row
    from xstilts.translation.texts import Texts

_END = Sentence("", "")


class _Marked(NamedTuple):
    """A context in sentences, one of which holds the first answer between marks."""

    sentences: list[Sentence]
    position: int
    """Of the sentence with the answer."""
    marks: Marks

    def project(self, memory: Mapping[str, str]) -> Span | None:
        """The translated context with its answer; None if the model did not copy the marks."""
        translations = [memory[sentence.text] for sentence in self.sentences]
        found = unmark(translations[self.position], self.marks)
        if found is None:
            return None
        translations[self.position] = found.text
        head = [*self.sentences[: self.position], _END]
        start = len(join(head, [*translations[: self.position], ""])) + found.start
        text = join(self.sentences, translations)
        return Span(text, start, start + found.end - found.start)


def _marked(row: Row, texts: Texts) -> _Marked | None:
    """Mark the first answer in its context; None without answer or without unused marks."""
    if not row["answers"]:
        return None
    first = row["answers"][0]
    start, end = first["start"], first["start"] + len(first["text"])
    sentences, at = texts.divide(row["context"], (start, end)), 0
    for index, sentence in enumerate(sentences):
        text, after = sentence
        if at <= start < at + len(text):
            marked = mark(text, start - at, min(end - at, len(text)))
            if marked is None:
                return None
            sentences[index] = Sentence(marked.text, after)
            return _Marked(sentences, index, marked.marks)
        at += len(text) + len(after)
    return None


def translate_rows(rows: Sequence[Row], texts: Texts) -> Translated:
    """Translate examples in the schema "span"; those whose answer is lost are dropped.

    Questions without an answer are kept without one.
    """
    marked = [_marked(row, texts) for row in rows]
    memory = texts.parts(part.text for item in marked if item for part in item.sentences)
    contexts = [item.project(memory) if item else None for item in marked]
    plain = texts.translate(_plain(rows, contexts))
    kept: list[Row] = []
    lost = {"answer not found": 0, "empty translation": 0}
    projected = {"by marks": 0, "by translation": 0, "without answer": 0}
    for row, context in zip(rows, contexts, strict=True):
        new = _example(row, context, plain)
        if row["answers"] and not new["answers"]:
            lost["answer not found"] += 1
        elif any(is_blank(new[name], row[name]) for name in ("context", "question")):
            lost["empty translation"] += 1
        else:
            kept.append(new)
            way = "by marks" if context else "by translation"
            projected[way if row["answers"] else "without answer"] += 1
    return Translated(kept, lost, {"projected": projected})


def _plain(rows: Iterable[Row], contexts: Iterable[Span | None]) -> Iterator[str]:
    """Texts to translate without marks: questions, and the rest where the marks were lost."""
    for row, context in zip(rows, contexts, strict=True):
        yield row["question"]
        if context is None:
            yield row["context"]
        yield from (answer["text"] for answer in row["answers"][1 if context else 0 :])


def _example(row: Row, context: Span | None, plain: Mapping[str, str]) -> Row:
    """The translated example, with the answers that were found."""
    text = context.text if context else plain[row["context"]]
    spans = [context] if context else []
    length = max(1, len(row["context"]))
    for answer in row["answers"][len(spans) :]:
        found = find(text, plain[answer["text"]], answer["start"] / length)
        spans += [found] if found and found not in spans else []
    answers: list[dict[str, Any]] = [
        {"text": span.text[span.start : span.end], "start": span.start} for span in spans
    ]
    return {**row, "context": text, "question": plain[row["question"]], "answers": answers}
