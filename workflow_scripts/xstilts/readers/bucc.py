"""Sentences with ids and gold pairs of ids, in the files of the BUCC 2018 shared task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.errors import UserError
from xstilts.readers.lines import filled_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from xstilts.kinds import Row

_ENGLISH, _GOLD = "en", "gold"
# The release's names and those that XTREME's script gives them, the labelled one first: the release
# has a test set of its own, without gold
_EVALUATED = ("training", "test")
_TUNING = ("sample", "dev")


def read_bucc(paths: Sequence[Path], language: str) -> Iterator[Row]:
    """Yield foreign queries and English candidates, of which few have a match.

    Files are called ``de-en.PART.{de,en,gold}``. With a training part (XTREME's test) the sample
    part (XTREME's dev) is required too: its sentences get the sides ``tuning_query`` and
    ``tuning_candidate``, and the threshold is chosen on them. Without one the sample part is
    evaluated. Texts are kept unchanged, since official mining distinguishes texts that differ in
    white space only.

    Args:
        paths: files of one or two parts; those of other parts are not read.
        language: the foreign language.

    Yields:
        Rows in the schema "mining".

    Raises:
        UserError: a file is missing, a line does not have two columns, an id occurs twice in a
            file, or a gold pair has an id that is in neither file.
    """
    files = {tuple(path.name.split(".")[1:]): path for path in paths}
    tuning = _part(files, _TUNING)
    evaluated = _part(files, _EVALUATED)
    if tuning is None:
        found = ", ".join(sorted(path.name for path in paths)) or "none"
        raise UserError(
            f"{language}-en: no sentences of the sample part (XTREME's dev), on which the "
            f"threshold is chosen; files: {found}. Put {language}-en.sample.{{{language},en,gold}} "
            "in the same folder."
        )
    if evaluated is None:
        yield from _rows(files, tuning, language, "")
        return
    yield from _rows(files, evaluated, language, "")
    yield from _rows(files, tuning, language, "tuning_")


def _part(files: dict[tuple[str, ...], Path], names: Sequence[str]) -> str | None:
    """The name of a part among the files: the one with gold, if several exist."""
    present = [name for name in names if (name, _ENGLISH) in files]
    labelled = [name for name in present if (name, _GOLD) in files]
    return next(iter([*labelled, *present]), None)


def _rows(
    files: dict[tuple[str, ...], Path], part: str, language: str, prefix: str
) -> Iterator[Row]:
    for side in (language, _ENGLISH, _GOLD):
        if (part, side) not in files:
            english_file = files[part, _ENGLISH]
            name = f"{language}-en.{part}.{side}"
            hint = "copy it from the release of BUCC 2018."
            if side == _GOLD:
                hint = (
                    "the set cannot be scored without it. XTREME's script deletes the gold of its "
                    f"test set, which is {language}-en.training.gold of BUCC 2018's release."
                )
            raise UserError(
                f"{english_file.parent / name}: no such file next to {english_file.name}; {hint}"
            )
    foreign = dict(_sentences(files[part, language]))
    english = dict(_sentences(files[part, _ENGLISH]))
    matches: dict[str, list[str]] = {}
    for where, query, candidate in _gold(files[part, _GOLD]):
        for identifier, known, side in ((query, foreign, language), (candidate, english, _ENGLISH)):
            if identifier not in known:
                raise UserError(
                    f"{where}: {identifier!r} is not an id of {files[part, side].name}. "
                    "One of the files was truncated or is of another part; fetch them again."
                )
        matches.setdefault(query, []).append(candidate)
    for identifier, text in foreign.items():
        found = matches.get(identifier, [])
        yield {"id": identifier, "side": f"{prefix}query", "text": text, "matches": found}
    for identifier, text in english.items():
        yield {"id": identifier, "side": f"{prefix}candidate", "text": text, "matches": []}


def _columns(path: Path) -> Iterator[tuple[str, str, str]]:
    """(``file:line``, first cell, second cell) of each line."""
    for number, line in filled_lines(path):
        cells = line.split("\t")
        if len(cells) != 2:
            raise UserError(
                f"{path}:{number}: {len(cells)} tab-separated columns, expected 2. The file was "
                "truncated; fetch it again."
            )
        yield f"{path}:{number}", cells[0], cells[1]


def _sentences(path: Path) -> Iterator[tuple[str, str]]:
    seen: dict[str, str] = {}
    for where, identifier, text in _columns(path):
        if identifier in seen:
            raise UserError(
                f"{where}: id {identifier!r} also occurs at {seen[identifier]}. Gold pairs name "
                "sentences by id; remove one of the two."
            )
        seen[identifier] = where
        yield identifier, text


def _gold(path: Path) -> Iterator[tuple[str, str, str]]:
    for where, query, candidate in _columns(path):
        yield where, query.strip(), candidate.strip()
