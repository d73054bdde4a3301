"""Texts to translations: in sentences, each distinct one once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xstilts.translation.sentences import Sentence, join, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


class Texts:
    """What the kinds of task ask for translations."""

    def __init__(self, model: Callable[[Sequence[str]], Sequence[str]], *, sentences: bool) -> None:
        """Translate with a model.

        Args:
            model: distinct texts, sorted, to their translations.
            sentences: whether texts are divided into sentences.
        """
        self._model, self._sentences = model, sentences
        self._memory: dict[str, str] = {}
        self.asked = 0
        """How many sentences (or texts) there were, repeated ones included."""

    @property
    def distinct(self) -> int:
        """How many of them the model translated."""
        return len(self._memory)

    def divide(self, text: str, whole: tuple[int, int] | None = None) -> list[Sentence]:
        """The parts in which a text is translated; a span (start, end) is never divided."""
        return split(text, whole) if self._sentences else [Sentence(text, "")]

    def parts(self, parts: Iterable[str]) -> Mapping[str, str]:
        """Translations of what must not be divided further, by text."""
        listed = list(parts)
        self.asked += len(listed)
        new = sorted({part for part in listed if part not in self._memory})
        # what has no letter or digit means the same in every language
        said = [part for part in new if any(char.isalnum() for char in part)]
        self._memory |= {part: part for part in new}
        self._memory |= dict(zip(said, self._model(said), strict=True))
        return self._memory

    def translate(self, texts: Iterable[str]) -> Mapping[str, str]:
        """Translations by text."""
        divided = {text: self.divide(text) for text in texts}
        memory = self.parts(part.text for parts in divided.values() for part in parts)
        return {
            text: join(parts, [memory[part.text] for part in parts])
            for text, parts in divided.items()
        }
