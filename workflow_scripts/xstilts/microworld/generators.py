"""Generates the examples of the tasks in an invented language.

Example ``i`` of a split means the same in every language and has the same id: its random numbers
depend on the world's seed, the generator, the stream, the split and ``i``, never on the language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xstilts.microworld import causes, discourse, entities, inference, paraphrase, questions
from xstilts.microworld.draws import pick, several
from xstilts.microworld.grammar import Clause, sentence, text_of
from xstilts.microworld.languages import SOURCE
from xstilts.microworld.mentions import mentions

if TYPE_CHECKING:
    from xstilts.kinds import Row
    from xstilts.microworld.facts import Fact
    from xstilts.microworld.order import Order


def _nli(order: Order) -> Iterator[Row]:
    """Classification rows; each three consecutive ones have three different labels."""
    difficulty = inference.DIFFICULTIES[order.difficulty]
    labels: list[inference.Label] = []
    for index in range(order.num_examples):
        if index % 3 == 0:
            labels = order.rng(f"labels-{index}").sample(inference.LABELS, 3)
        label = labels[index % 3]
        premise, hypothesis = inference.draw_pair(
            order.rng(index), order.seed, order.bucket, label, difficulty
        )
        yield {
            "id": order.name(index),
            "text_a": text_of(sentence(order.words, premise)),
            "text_b": text_of(sentence(order.words, (hypothesis,))),
            "label": label,
        }


def _qa(order: Order) -> Iterator[Row]:
    """Span rows; the answer is a noun with its adjective, as in the story."""
    difficulty = questions.DIFFICULTIES[order.difficulty]
    for index in range(order.num_examples):
        story = questions.draw_story(order.rng(index), order.seed, order.bucket, difficulty)
        yield {"id": order.name(index), **_question_row(order, story)}


def _qa_unanswerable(order: Order) -> Iterator[Row]:
    """Span rows, one in three without an answer: the fact that holds it is omitted.

    The other stories omit another fact, so that their length gives no hint.
    """
    difficulty = questions.DIFFICULTIES[order.difficulty]
    lacking = 0
    for index in range(order.num_examples):
        if index % 3 == 0:
            lacking = index + pick(order.rng(f"lacking-{index}"), range(3))
        rng = order.rng(index)
        story = questions.draw_story(rng, order.seed, order.bucket, difficulty)
        parts = range(len(story.facts))
        omitted = pick(rng, [i for i in parts if (i == story.target) == (index == lacking)])
        yield {"id": order.name(index), **_question_row(order, questions.without(story, omitted))}


def _question_row(order: Order, story: questions.Story) -> Row:
    """Context, question and answers of a story; no answer if no fact holds it."""
    texts: list[str] = []
    answers: list[dict[str, Any]] = []
    for position, fact in enumerate(story.facts):
        tokens = sentence(order.words, (Clause(fact),))
        if position == story.target:
            inside = [i for i, token in enumerate(tokens) if token.slot == story.question.ask]
            before = texts + [token.form for token in tokens[: inside[0]]]
            start = sum(len(text) + 1 for text in before)
            answers = [{"text": text_of(tokens[inside[0] : inside[-1] + 1]), "start": start}]
        texts.append(text_of(tokens))
    return {
        "context": " ".join(texts),
        "question": text_of(sentence(order.words, (story.question,))),
        "answers": answers,
    }


# In mini-English for all languages, as XTREME asks the questions of XCOPA in English
_CAUSE_EFFECT = {"cause": "what was the cause ?", "effect": "what was the effect ?"}


def _right_choices(order: Order, num_choices: int) -> Iterator[int]:
    """Yield the right choice of each example; ``num_choices`` consecutive ones all differ."""
    labels: list[int] = []
    for index in range(order.num_examples):
        if index % num_choices == 0:
            labels = several(order.rng(f"labels-{index}"), range(num_choices), num_choices)
        yield labels[index % num_choices]


def _sentences(order: Order, facts: Sequence[Fact]) -> list[str]:
    """A sentence for each fact."""
    return [text_of(sentence(order.words, (Clause(fact),))) for fact in facts]


def _continuation(order: Order) -> Iterator[Row]:
    """Multiple-choice rows: an event, and four sentences, one of which comes next."""
    difficulty = causes.DIFFICULTIES[order.difficulty]
    for index, label in enumerate(_right_choices(order, causes.NUM_ENDINGS)):
        tale = causes.draw_tale(order.rng(index), order.seed, order.bucket, label, difficulty)
        yield {
            "id": order.name(index),
            "context": " ".join(_sentences(order, tale.events)),
            "question": None,
            "choices": _sentences(order, tale.endings),
            "label": label,
        }


def _cause_effect(order: Order) -> Iterator[Row]:
    """Multiple-choice rows: an event, and two others, one of which is its cause or effect."""
    difficulty = causes.DIFFICULTIES[order.difficulty]
    for index, label in enumerate(_right_choices(order, causes.NUM_ALTERNATIVES)):
        dilemma = causes.draw_dilemma(order.rng(index), order.seed, order.bucket, label, difficulty)
        yield {
            "id": order.name(index),
            "context": " ".join(_sentences(order, [dilemma.premise])),
            "question": _CAUSE_EFFECT[dilemma.asks_for],
            "choices": _sentences(order, dilemma.choices),
            "label": label,
        }


def _pos(order: Order) -> Iterator[Row]:
    """Tagging rows: words with their universal parts of speech."""
    for index in range(order.num_examples):
        saying = discourse.draw_utterance(order.rng(index), order.seed, order.bucket)
        tokens = saying.form(order.words, *saying.arguments)
        yield {
            "id": order.name(index),
            "tokens": [token.form for token in tokens],
            "tags": [token.tag for token in tokens],
        }


def _paraphrase(order: Order) -> Iterator[Row]:
    """Classification rows with the same words on both sides; each two have different labels."""
    labels: list[paraphrase.Label] = []
    for index in range(order.num_examples):
        if index % 2 == 0:
            labels = several(order.rng(f"labels-{index}"), paraphrase.LABELS, 2)
        label = labels[index % 2]
        pair = paraphrase.draw_pair(order.rng(index), order.seed, order.bucket, label)
        yield {
            "id": order.name(index),
            "text_a": text_of(sentence(order.words, pair.first)),
            "text_b": text_of(sentence(order.words, pair.second)),
            "label": label,
        }


def _names(order: Order) -> Iterator[Row]:
    """Tagging rows: words with the names of persons, organisations and locations."""
    for index in range(order.num_examples):
        mentions = entities.draw_mentions(order.rng(index), order.seed, order.bucket)
        pairs = [pair for mention in mentions for pair in entities.tagged(order.words, mention)]
        yield {
            "id": order.name(index),
            "tokens": [word for word, _ in pairs],
            "tags": [tag for _, tag in pairs],
        }


def _retrieval(order: Order) -> Iterator[Row]:
    """Retrieval rows: all candidates in order, then the mini-English queries sorted by text."""
    queries: list[tuple[str, int]] = []
    for index, (query, text) in enumerate(_translations(order, order.num_examples)):
        queries.append((query, index))
        yield {"id": str(index), "side": "candidate", "text": text, "matches": []}
    for position, (text, index) in enumerate(sorted(queries)):
        yield {"id": f"q{position}", "side": "query", "text": text, "matches": [str(index)]}


def _translations(order: Order, count: int) -> Iterator[tuple[str, str]]:
    """(mini-English, the other language) of sentences that all differ in meaning."""
    seen: set[str] = set()
    for index in range(count):
        rng = order.rng(index)
        while True:
            saying = discourse.draw_utterance(rng, order.seed, order.bucket)
            source = saying.form(order.source_words, *saying.arguments)
            # two sentences that differ in an article alone are one in a language without articles
            key = " ".join(token.form for token in source if token.tag != "DET")
            if key not in seen:
                break
        seen.add(key)
        yield text_of(source), text_of(saying.form(order.words, *saying.arguments))


def _mining(order: Order) -> Iterator[Row]:
    """Mining rows; for a test split also the validation split, to choose the threshold on."""
    yield from _minable(order, "")
    if order.split == "test":
        yield from _minable(replace(order, split="validation"), "tuning_")


def _minable(order: Order, prefix: str) -> Iterator[Row]:
    """Sentences of both languages; only half of each side has a translation."""
    foreign: dict[str, int] = {}
    source: dict[str, int] = {}
    for index, (ours, theirs) in enumerate(_translations(order, 3 * order.num_examples)):
        if index % 3 != 1:
            source[ours] = index
        if index % 3 != 2:
            foreign[theirs] = index
    # sorted, so that positions give no hint
    names = {index: f"{SOURCE}-{i}" for i, (_, index) in enumerate(sorted(source.items()))}
    for i, (text, index) in enumerate(sorted(foreign.items())):
        matches = [names[index]] if index in names else []
        yield {"id": f"xx-{i}", "side": f"{prefix}query", "text": text, "matches": matches}
    for text, index in sorted(source.items()):
        yield {"id": names[index], "side": f"{prefix}candidate", "text": text, "matches": []}


def _answers(order: Order) -> Iterator[Row]:
    """Ranking rows: each story's sentences in both languages, with context, then its question."""
    languages = {"own": order.words, SOURCE: order.source_words}
    if order.words == order.source_words:
        del languages["own"]
    difficulty = questions.DIFFICULTIES[order.difficulty]
    for index in range(order.num_examples):
        story = questions.draw_story(order.rng(index), order.seed, order.bucket, difficulty)
        for name, words in languages.items():
            texts = [text_of(sentence(words, (Clause(fact),))) for fact in story.facts]
            for i, text in enumerate(texts):
                yield {
                    "id": f"{name}-{index}-{i}",
                    "side": "candidate",
                    "text": text + " " + " ".join(texts),
                    "matches": [],
                }
        yield {
            "id": order.name(index),
            "side": "query",
            "text": text_of(sentence(order.words, (story.question,))),
            "matches": [f"{name}-{index}-{story.target}" for name in languages],
        }


def _text(order: Order) -> Iterator[Row]:
    """Plain lines for masked language modelling."""
    for index in range(order.num_examples):
        line = discourse.draw_line(order.rng(index), order.seed, order.bucket)
        yield {"id": order.name(index), "text": discourse.in_words(order.words, line), "pair": None}


def _parallel(order: Order) -> Iterator[Row]:
    """Phrases and sentences with their translation into mini-English."""
    for index in range(order.num_examples):
        saying = discourse.draw_translatable(order.rng(index), order.seed, order.bucket)
        yield {
            "id": order.name(index),
            "text": discourse.in_words(order.words, [saying]),
            "pair": discourse.in_words(order.source_words, [saying]),
        }


GENERATORS: dict[str, Callable[[Order], Iterator[Row]]] = {
    "nli": _nli,
    "qa": _qa,
    "continuation": _continuation,
    "cause_effect": _cause_effect,
    "qa_unanswerable": _qa_unanswerable,
    "pos": _pos,
    "paraphrase": _paraphrase,
    "names": _names,
    "retrieval": _retrieval,
    "mining": _mining,
    "answers": _answers,
    "mentions": mentions,
    "text": _text,
    "parallel": _parallel,
}
BILINGUAL = frozenset({"retrieval", "mining", "parallel"})
"""Generators that pair a language with mini-English."""
