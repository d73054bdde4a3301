"""Questions about paragraphs in the JSON layout of SQuAD v1.1 and v2.0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from xstilts.errors import UserError
from xstilts.readers.lines import parsed_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from xstilts.kinds import Row

_T = TypeVar("_T")
_SHOWN = 3
"""Maximum number of actual offsets of an answer in a message."""


class _Question(NamedTuple):
    """One question and its location in the file, such as ``data[3].paragraphs[1].qas[0]``."""

    where: str
    context: str
    entry: dict[str, Any]


def read_squad(
    paths: Sequence[Path],
    language: str,
    *,
    may_repeat: Callable[[str], bool] | None = None,
    unanswerable: bool = False,
) -> Iterator[Row]:
    """Yield questions with the span of the context that answers each: SQuAD, XQuAD, MLQA, TyDiQA.

    Every answer is compared with the text at its offset (in code points, as all these releases
    count), because a wrong offset would silently train and score a wrong span.

    Args:
        paths: files, read one after the other.
        language: the language of the files, which hold one each; not used.
        may_repeat: True for ids that a release repeats (XTREME's processed TyDiQA training
            files); from the second occurrence on they get a suffix, as in ``12#2``.
        unanswerable: True for files of SQuAD v2.0, where each question has the key
            ``is_impossible``; an impossible question has no answers.

    Yields:
        Rows in the schema "span".

    Raises:
        UserError: invalid or truncated JSON, a missing key, an empty answer, an answer that is not
            at its offset, an id that occurs twice, an unanswerable question with an answer.
    """
    first_seen: dict[str, str] = {}
    copies: dict[str, int] = {}
    for path in paths:
        for question in _questions(path):
            where = question.where
            identifier = value_of(question.entry, "id", str, where)
            if may_repeat and may_repeat(identifier):
                copies[identifier] = copy = copies.get(identifier, 0) + 1
                identifier += f"#{copy}" if copy > 1 else ""
            if identifier in first_seen:
                raise UserError(
                    f"{where}: question id {identifier!r} also occurs at {first_seen[identifier]}. "
                    "Predictions are keyed by id; remove one of the two."
                )
            first_seen[identifier] = where
            yield {
                "id": identifier,
                "context": question.context,
                "question": value_of(question.entry, "question", str, where),
                "answers": _answers(question, identifier, unanswerable),
            }


def _questions(path: Path) -> Iterator[_Question]:
    for number, article in enumerate(articles_of(path)):
        where = f"{path}: data[{number}]"
        for paragraph_number, paragraph in enumerate(value_of(article, "paragraphs", list, where)):
            location = f"{where}.paragraphs[{paragraph_number}]"
            context = value_of(paragraph, "context", str, location)
            for index, entry in enumerate(value_of(paragraph, "qas", list, location)):
                yield _Question(f"{location}.qas[{index}]", context, entry)


def articles_of(path: Path) -> list[Any]:
    """The articles of a file in SQuAD's layout, or with a bare list of articles.

    Raises:
        UserError: invalid or truncated JSON, or no article.
    """
    content = _content(path)
    articles = value_of(content, "data", list, str(path)) if isinstance(content, dict) else content
    if not isinstance(articles, list) or not articles:
        raise UserError(f'{path}: no articles; SQuAD\'s layout is {{"data": [article, ...]}}.')
    return articles


def _content(path: Path) -> Any:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path}: byte {error.start} is not UTF-8. The file was truncated; fetch it again."
        ) from None
    return parsed_json(text, path)


def value_of(item: object, key: str, kind: type[_T], where: str) -> _T:
    """The value of a required key, of the type that the layout requires.

    Raises:
        UserError: the key is missing, or its value has another type.
    """
    if not isinstance(item, dict) or key not in item:
        keys = ", ".join(item) if isinstance(item, dict) else type(item).__name__
        raise UserError(f"{where}: no key {key!r}; found: {keys or '(nothing)'}.")
    value = item[key]
    # bool is an int to Python, not to the layout
    if not isinstance(value, kind) or isinstance(value, bool):
        raise UserError(f"{where}.{key}: {value!r} is not of type {kind.__name__}.")
    return value


def _answers(question: _Question, identifier: str, unanswerable: bool) -> list[dict[str, Any]]:
    where = f"{question.where} (id {identifier!r})"
    impossible = unanswerable and _is_impossible(question, where)
    answers = []
    for answer in value_of(question.entry, "answers", list, question.where):
        text = value_of(answer, "text", str, where)
        start = value_of(answer, "answer_start", int, where)
        _check_offset(question.context, text, start, where)
        answers.append({"text": text, "start": start})
    if impossible and answers:
        raise UserError(
            f"{where}: is_impossible, but it has the answer {answers[0]['text']!r}. "
            "One of the two is wrong; fetch the file again."
        )
    if not answers and not impossible:
        hint = "is_impossible is false; fetch the file again."
        if not unanswerable:
            hint = "Questions without answers are not part of this task."
        raise UserError(f"{where}: no answer. {hint}")
    return answers


def _is_impossible(question: _Question, where: str) -> bool:
    if "is_impossible" not in question.entry:
        raise UserError(
            f"{where}: no key 'is_impossible', which SQuAD v2.0 has; found: "
            f"{', '.join(question.entry)}. Is this a file of SQuAD v1.1?"
        )
    value = question.entry["is_impossible"]
    if not isinstance(value, bool):
        raise UserError(f"{where}.is_impossible: {value!r} is neither true nor false.")
    return value


def _check_offset(context: str, text: str, start: int, where: str) -> None:
    if not text:
        raise UserError(
            f"{where}: empty answer. XTREME's processed test files have their answers removed, so "
            "they cannot be scored; use the original release."
        )
    actual = context[start : start + len(text)] if start >= 0 else ""
    if actual == text:
        return
    found = [index for index in range(len(context)) if context.startswith(text, index)]
    nearest = sorted(found, key=lambda index: abs(index - start))[:_SHOWN]
    occurs = f"which occurs at {', '.join(map(str, nearest))}" if found else "which occurs nowhere"
    raise UserError(
        f"{where}: the context has {actual!r} at answer_start {start}, not the answer {text!r}, "
        f"{occurs}. Offsets count code points; correct the offset or fetch the file again."
    )
