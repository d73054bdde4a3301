"""Translates texts sentence by sentence, each distinct sentence once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.translation.sentences import Sentence, join, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


class Texts:
    """The translator that the modules of the kinds use."""

    def __init__(self, model: Callable[[Sequence[str]], Sequence[str]], *, sentences: bool) -> None:
        """Translate with a model.

        Args:
            model: maps distinct, sorted texts to their translations.
            sentences: True to split texts into sentences.
        """
        self._model, self._sentences = model, sentences
        self._memory: dict[str, str] = {}
        self.asked = 0
        """Number of requested sentences (or texts), repetitions included."""

    @property
    def distinct(self) -> int:
        """Number of distinct ones."""
        return len(self._memory)

    def divide(self, text: str, whole: tuple[int, int] | None = None) -> list[Sentence]:
        """The parts in which a text is translated; the span (start, end) is never split."""
        return split(text, whole) if self._sentences else [Sentence(text, "")]

    def parts(self, parts: Iterable[str]) -> Mapping[str, str]:
        """Translations by text of parts that are not split further."""
        listed = list(parts)
        self.asked += len(listed)
        new = sorted({part for part in listed if part not in self._memory})
        # a text without letters or digits is the same in every language
        with_words = [part for part in new if any(char.isalnum() for char in part)]
        self._memory |= {part: part for part in new}
        self._memory |= dict(zip(with_words, self._model(with_words), strict=True))
        return self._memory

    def translate(self, texts: Iterable[str]) -> Mapping[str, str]:
        """Translations by text."""
        divided = {text: self.divide(text) for text in texts}
        memory = self.parts(part.text for parts in divided.values() for part in parts)
        return {
            text: join(parts, [memory[part.text] for part in parts])
            for text, parts in divided.items()
        }
