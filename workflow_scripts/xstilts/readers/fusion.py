"""The tag of a multiword token: the rules of XTREME's converter to pick its head word."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

# POSRANKPRECEDENCEDICT of google-research/xtreme, third_party/ud-conversion-tools,
# conllu_to_conll.py: which tag wins among words that are equally high in the tree.
_DEFAULT = "VERB NOUN PROPN PRON ADJ NUM ADV INTJ AUX ADP DET PART CCONJ SCONJ X PUNCT".split()
_PRECEDENCE = {
    "es": "VERB AUX PRON ADP DET".split(),
    "fr": "VERB AUX PRON NOUN ADJ ADV ADP DET PART SCONJ CONJ".split(),
    "it": "VERB AUX ADV PRON ADP DET INTJ".split(),
}


class Word(NamedTuple):
    """A syntactic word of a sentence."""

    form: str
    upos: str
    parents: frozenset[int | None]
    """Ids of its heads (0 is the root, None an unknown head)."""


def span_head(words: Sequence[Word], first: int, last: int, language: str) -> int:
    """Id of the head word of the multiword token that spans words ``first`` to ``last``.

    The word with the fewest ancestors in the sentence is the head; among several, the one whose
    tag comes first in the language's precedence, then the leftmost. The converter stops at a tag
    that the precedence lacks; here it comes last. Source: ``lib/conll.py``,
    ``_choose_spanhead_from_heuristics``.
    """
    span = range(first, last + 1)
    num_ancestors = {index: _num_ancestors(words, index) for index in span}
    fewest = min(num_ancestors.values())
    highest = [index for index in span if num_ancestors[index] == fewest]
    precedence = _PRECEDENCE.get(language, _DEFAULT)

    def rank(index: int) -> int:
        upos = words[index - 1].upos
        return precedence.index(upos) if upos in precedence else len(precedence)

    return min(highest, key=rank)


def _num_ancestors(words: Sequence[Word], index: int) -> int:
    """Number of ancestors of a word; enhanced graphs have cycles, so each counts once."""
    ancestors: set[int | None] = set()
    frontier: list[int | None] = [index]
    while frontier:
        node = frontier.pop()
        if node is not None and 1 <= node <= len(words):
            new = words[node - 1].parents - ancestors
            ancestors |= new
            frontier += new
    return len(ancestors - {index})
