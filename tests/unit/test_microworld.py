from __future__ import annotations

import hashlib
import itertools
import json
import math
import random
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest

from xstilts.data.schemas import SCHEMAS
from xstilts.errors import UserError
from xstilts.microworld import World, causes, entities, paraphrase, properties, rows
from xstilts.microworld import inference as nli
from xstilts.microworld import questions as qa
from xstilts.microworld.concepts import KIND_OF, KINDS, VERBS
from xstilts.microworld.facts import bucket_of, draw_fact, embellished
from xstilts.microworld.generators import GENERATORS
from xstilts.microworld.grammar import Clause, sentence, text_of
from xstilts.microworld.lexicon import CONTENT, lexicon
from xstilts.microworld.scripts import ALPHABETS

WORLD = World(seed=0, num_languages=8)
CODES = [language.code for language in WORLD.languages]
KIND = {
    "nli": "classification",
    "qa": "span",
    "continuation": "multiple_choice",
    "cause_effect": "multiple_choice",
    "qa_unanswerable": "span",
    "pos": "tagging",
    "paraphrase": "classification",
    "names": "tagging",
    "retrieval": "retrieval",
    "mining": "mining",
    "answers": "ranking",
    "mentions": "ranking",
    "text": "mlm",
    "parallel": "mlm",
}
UPOS = set("NOUN PROPN VERB ADJ DET ADP ADV PRON NUM AUX CCONJ PART PUNCT".split())


def sample(generator: str, language: str, split: str, n: int, **options: Any) -> list[dict]:
    return list(rows(WORLD, generator, language, split, n, **options))


# --- determinism -------------------------------------------------------------------------------

# A change of these numbers is a change of every microworld data set: intended or a mistake.
GOLDEN: dict[str, str] = {
    "nli/qaa": "154698789c8fccee",
    "nli/qaf": "f6945d82c371a844",
    "qa/qaa": "424c5d1ae3fbc630",
    "qa/qaf": "73063096ecd75a6f",
    "continuation/qaa": "3ecc22aa6b0c7a68",
    "continuation/qaf": "97fe5b4212f91234",
    "cause_effect/qaa": "d0808f970ddd633b",
    "cause_effect/qaf": "2b332a1a90f38519",
    "qa_unanswerable/qaa": "feee1bb8669ea0f1",
    "qa_unanswerable/qaf": "19a4a7cfc5a3133a",
    "pos/qaa": "916482aac31431ee",
    "pos/qaf": "877499bfbe60c11d",
    "paraphrase/qaa": "a2d8199e148d425c",
    "paraphrase/qaf": "1d969c4946813296",
    "names/qaa": "4702da48ddeaec12",
    "names/qaf": "d03037b5d8308f02",
    "retrieval/qab": "23d4a73f63a20a3f",
    "retrieval/qaf": "c3c191c7d023f5fa",
    "mining/qab": "2221a22697b91279",
    "mining/qaf": "04925706be4a3bff",
    "answers/qaa": "c17f43393253f652",
    "answers/qaf": "bb3bd6e1dd300cec",
    "mentions/qaa": "22151f7e9733f690",
    "mentions/qaf": "1e796eaed38553b1",
    "text/qaa": "2d5666bcf984e1fb",
    "text/qaf": "92e1a225bdc2cbd9",
    "parallel/qab": "7983122f1473e7ec",
    "parallel/qaf": "b43628af550a3d0e",
}


@pytest.mark.parametrize("name", GOLDEN)
def test_bytes_are_the_same_on_every_machine(name: str) -> None:
    generator, language = name.split("/")
    text = json.dumps(sample(generator, language, "test", 40), ensure_ascii=False, sort_keys=True)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == GOLDEN[name]


def test_more_examples_and_more_languages_leave_the_first_ones_alone() -> None:
    few = sample("nli", "qad", "train", 30)
    assert sample("nli", "qad", "train", 60)[:30] == few
    assert list(rows(World(0, 40), "nli", "qad", "train", 30)) == few


@pytest.mark.parametrize("change", ["seed", "stream", "split", "difficulty"])
def test_what_makes_examples_differ(change: str) -> None:
    options: dict[str, Any] = {"stream": "xnli"} if change == "stream" else {}
    if change == "difficulty":
        options = {"difficulty": "hard"}
    world = World(1, 8) if change == "seed" else WORLD
    split = "validation" if change == "split" else "train"
    other = [row["text_a"] for row in rows(world, "nli", "qaa", split, 50, **options)]
    same = [row["text_a"] for row in sample("nli", "qaa", "train", 50)]
    assert len(set(other) & set(same)) < 5


# --- shape -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("generator", "split"), list(itertools.product(GENERATORS, ("train", "validation", "test")))
)
def test_rows_fit_the_schema_of_their_kind(generator: str, split: str) -> None:
    found = sample(generator, "qae", split, 20)
    schema = SCHEMAS[KIND[generator]]  # type: ignore[index]
    assert all(set(row) == set(schema.names) for row in found)
    table = pa.Table.from_pylist(found, schema=schema)
    sizes = {"retrieval": 40, "mining": 160 if split == "test" else 80}
    assert table.num_rows == sizes.get(
        generator, len(found) if KIND[generator] == "ranking" else 20
    )
    keys = [(row["id"], row.get("side")) for row in found]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nlii", "qaa", "train"), "'nlii' is not a known generator. Did you mean 'nli'"),
        (("nli", "qaz", "train"), "'qaz' is not a known language"),
        (("nli", "qaa", "dev"), "'dev' is not a known split"),
        (("parallel", "qaa", "train"), "'qaa' cannot be paired with itself"),
        (("retrieval", "qaa", "test"), "'qaa' cannot be paired with itself"),
        (("mining", "qaa", "test"), "'qaa' cannot be paired with itself"),
    ],
)
def test_errors_name_the_value_and_the_known_ones(
    arguments: tuple[str, str, str], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        rows(WORLD, *arguments, 1)


@pytest.mark.parametrize("count", [0, 521])
def test_number_of_languages_is_limited_by_the_codes(count: int) -> None:
    with pytest.raises(UserError, match="1 to 520"):
        properties(World(0, count))


# --- languages ---------------------------------------------------------------------------------


def test_mini_english_reads_naturally() -> None:
    words = lexicon(0, WORLD.languages[0])
    rng = random.Random("readable")
    fact = draw_fact(rng, "gift", "give")._replace(place="garden", time="monday")
    agent = fact.agent._replace(noun="farmer", adjective="tall")
    apple = fact.agent._replace(noun="apple", definite=False)
    fact = fact._replace(agent=agent, patient=apple, recipient=fact.agent._replace(noun="mary"))

    def put(**form: Any) -> str:
        return text_of(sentence(words, (Clause(fact, **form),)))

    assert put() == "the tall farmer gave an apple to mary in the garden on monday ."
    assert put(negated=True, passive=True) == (
        "an apple was not given to mary by the tall farmer in the garden on monday ."
    )
    assert put(negated=True).startswith("the tall farmer did not give an apple to mary")
    assert put(ask="agent") == "who gave an apple to mary in the garden on monday ?"
    assert put(ask="patient").startswith("what did the tall farmer give to mary in")
    assert put(ask="recipient").startswith("to whom did the tall farmer give an apple in")
    assert put(ask="place").startswith("where did the tall farmer give an apple to mary on")
    assert put(ask="time").endswith("give an apple to mary in the garden ?")


def test_languages_have_the_properties_they_claim() -> None:
    rng = random.Random("typology")
    fact = draw_fact(rng, "thing", "find")._replace(place="garden")
    fact = fact._replace(
        agent=fact.agent._replace(noun="farmer"),
        patient=fact.agent._replace(noun="apple", adjective="red"),
    )
    for language in World(0, 60).languages:
        tokens = sentence(lexicon(0, language), (Clause(fact),))
        at = {token.slot: i for i, token in enumerate(tokens) if token.tag == "NOUN"}
        verb = next(i for i, token in enumerate(tokens) if token.tag == "VERB")
        by_letter = {"S": at["agent"], "O": at["patient"], "V": verb}
        assert "".join(sorted(by_letter, key=by_letter.__getitem__)) == language.order
        adposition = next(i for i, token in enumerate(tokens) if token.tag == "ADP")
        assert (adposition < at["place"]) == (language.adposition == "pre")
        adjective = next(i for i, token in enumerate(tokens) if token.tag == "ADJ")
        assert (adjective < at["patient"]) == (language.adjective == "pre")
        assert any(token.tag == "DET" for token in tokens) == language.articles
        forms = lexicon(0, language).nouns
        marked = forms["apple", False, "object"] != forms["apple", False, "subject"]
        assert marked == language.case_suffixes


def test_all_languages_differ_and_share_words_as_told() -> None:
    english = lexicon(0, WORLD.languages[0])
    told = set()
    for language in World(0, 120).languages[1:]:
        words = lexicon(0, language)
        text = text_of(sentence(words, (Clause(draw_fact(random.Random("x"), "gift")),)))
        told.add(text)
        if language.script == "latin" and not language.plural_suffix:
            nouns = [c for c in CONTENT if (c, False, "subject") in words.nouns]
            key = ("subject",)
            same = sum(words.nouns[c, False, *key] == english.nouns[c, False, *key] for c in nouns)
            assert abs(same / len(nouns) - language.overlap) < 0.12
    assert len(told) == 119
    assert len(properties(World(0, 120))) == 120
    assert properties(WORLD)[0]["name"] == "Mini-English"


@pytest.mark.parametrize("code", [lang.code for lang in World(3, 40).languages])
def test_no_two_words_of_a_language_are_written_alike(code: str) -> None:
    words = lexicon(3, World(3, 40).language(code))
    entries: list[tuple[str, str]] = [(k, v) for k, v in words.function.items() if k != "eh"]
    entries += [(f"noun {k[0]}", v) for k, v in words.nouns.items()]
    entries += [(f"adjective {k[0]}", v) for k, v in words.adjectives.items()]
    entries += [(f"verb {k}", form) for k, forms in words.verbs.items() for form in forms]
    entries += list(words.adverbs.items())
    owners: dict[str, set[str]] = {}
    for owner, form in entries:
        owners.setdefault(form, set()).add(owner)
    assert {form: o for form, o in owners.items() if len(o) > 1} == {}


@pytest.mark.parametrize("script", ALPHABETS)
def test_letters_survive_normalisation(script: str) -> None:
    letters = ALPHABETS[script]
    assert len(set(letters)) == len(letters) == 26
    for letter in letters:
        assert unicodedata.category(letter) in ("Ll", "Lo")
        assert unicodedata.normalize("NFKD", letter) == letter == letter.lower()


# --- parallelism and leakage -------------------------------------------------------------------


@pytest.mark.parametrize("language", CODES[1:])
def test_example_i_means_the_same_in_every_language(language: str) -> None:
    english, other = (sample("pos", code, "test", 60) for code in ("qaa", language))
    content = {"NOUN", "PROPN", "VERB", "ADJ", "NUM", "ADP", "PUNCT"}
    for ours, theirs in zip(english, other, strict=True):
        assert ours["id"] == theirs["id"]
        tags = [Counter(tag for tag in row["tags"] if tag in content) for row in (ours, theirs)]
        assert tags[0] == tags[1]
    labels = [[row["label"] for row in sample("nli", c, "test", 60)] for c in ("qaa", language)]
    assert labels[0] == labels[1]
    text = [row["text"] for row in sample("text", language, "train", 30)]
    assert len(set(text) & {row["text"] for row in sample("text", "qaa", "train", 30)}) == 0


def test_parallel_text_is_the_same_line_in_both_languages() -> None:
    for row in sample("parallel", "qac", "train", 50):
        assert row["text"].count(".") == row["pair"].count(".")
        assert row["text"].count("?") == row["pair"].count("?")


def _sentences(text: str) -> list[str]:
    return [part.strip() for part in text.replace("?", ".").split(".") if part.strip()]


def test_no_test_premise_or_context_is_known_from_elsewhere() -> None:
    known: set[str] = set()
    for split in ("train", "validation"):
        known |= {s for r in sample("nli", "qaa", split, 1500) for s in _sentences(r["text_a"])}
        known |= {s for r in sample("qa", "qaa", split, 600) for s in _sentences(r["context"])}
        known |= {s for r in sample("text", "qaa", split, 3000) for s in _sentences(r["text"])}
    for row in sample("nli", "qaa", "test", 1500):
        assert row["text_a"].removesuffix(" .") not in known
    for row in sample("qa", "qaa", "test", 400):
        assert not known & set(_sentences(row["context"]))
    for row in sample("retrieval", "qab", "test", 500):
        if row["side"] == "query" and "?" not in row["text"]:
            assert row["text"].removesuffix(" .") not in known


def test_every_split_has_its_own_facts() -> None:
    rng = random.Random("buckets")
    facts = [draw_fact(rng) for _ in range(4000)]
    shares = Counter(bucket_of(0, fact) for fact in facts)
    assert set(shares) == {"text", "train", "validation", "test"}
    assert min(shares.values()) > 300
    # modifiers do not move a fact to another split
    assert all(bucket_of(0, fact) == bucket_of(0, embellished(rng, fact)) for fact in facts)


@pytest.mark.parametrize("language", CODES[1:])
def test_pairs_and_names_mean_the_same_in_every_language(language: str) -> None:
    english, other = (sample("names", code, "test", 80) for code in ("qaa", language))
    for ours, theirs in zip(english, other, strict=True):
        kinds = [Counter(tag for tag in row["tags"] if tag != "O") for row in (ours, theirs)]
        assert ours["id"] == theirs["id"]
        assert kinds[0] == kinds[1]
    pairs = [[r["label"] for r in sample("paraphrase", c, "test", 80)] for c in ("qaa", language)]
    assert pairs[0] == pairs[1]


def test_no_test_pair_or_name_is_told_elsewhere() -> None:
    known: set[str] = set()
    for split in ("train", "validation"):
        for row in sample("paraphrase", "qaa", split, 600):
            known |= {*_sentences(row["text_a"]), *_sentences(row["text_b"])}
        known |= {s for r in sample("nli", "qaa", split, 900) for s in _sentences(r["text_a"])}
        known |= {s for r in sample("text", "qaa", split, 2000) for s in _sentences(r["text"])}
        known |= {" ".join(row["tokens"][:-1]) for row in sample("names", "qaa", split, 600)}
    for row in sample("paraphrase", "qaa", "test", 300):
        assert not known & {*_sentences(row["text_a"]), *_sentences(row["text_b"])}
    for row in sample("names", "qaa", "test", 400):
        assert " ".join(row["tokens"][:-1]) not in known


# --- inference ---------------------------------------------------------------------------------


@pytest.mark.parametrize("difficulty", nli.DIFFICULTIES)
def test_labels_are_exactly_balanced(difficulty: str) -> None:
    labels = [r["label"] for r in sample("nli", "qaa", "train", 300, difficulty=difficulty)]
    assert Counter(labels) == dict.fromkeys(nli.LABELS, 100)
    assert all(len(set(labels[i : i + 3])) == 3 for i in range(0, 300, 3))
    assert len({tuple(labels[i : i + 3]) for i in range(0, 300, 3)}) == 6


def _naive_bayes_accuracy(
    train: list[tuple[str, str]],
    test: list[tuple[str, str]],
    labels: Sequence[str] = nli.LABELS,
    in_order: bool = True,
) -> float:
    counts: dict[str, Counter[str]] = {label: Counter() for label in labels}
    for text, label in train:
        counts[label].update(_features(text, in_order))
    totals = {label: sum(counter.values()) for label, counter in counts.items()}

    def score(text: str, label: str) -> float:
        return sum(
            math.log((counts[label][feature] + 0.5) / totals[label])
            for feature in _features(text, in_order)
        )

    right = sum(max(labels, key=lambda c: score(text, c)) == label for text, label in test)
    return right / len(test)


def _features(text: str, in_order: bool) -> list[str]:
    words = text.split()
    joined = map(" ".join, itertools.pairwise(words)) if in_order else ()
    return [*words, *joined, f"length {len(words)}"]


@pytest.mark.parametrize("side", ["text_a", "text_b"])
@pytest.mark.parametrize("difficulty", nli.DIFFICULTIES)
def test_no_label_can_be_guessed_from_one_side(difficulty: str, side: str) -> None:
    train, test = (
        [(r[side], r["label"]) for r in sample("nli", "qaa", split, n, difficulty=difficulty)]
        for split, n in (("train", 2400), ("test", 1200))
    )
    assert _naive_bayes_accuracy(train, test) < 1 / 3 + 0.06


def test_a_classifier_of_both_sides_is_not_at_chance() -> None:
    """The yardstick above can find what there is to find."""
    train, test = (
        [
            (" ".join(sorted(set(r["text_a"].split()) ^ set(r["text_b"].split()))), r["label"])
            for r in sample("nli", "qaa", split, n, difficulty="easy")
        ]
        for split, n in (("train", 2400), ("test", 1200))
    )
    assert _naive_bayes_accuracy(train, test) > 0.6


@pytest.mark.parametrize("label", nli.LABELS)
def test_every_label_has_negated_and_plain_hypotheses(label: str) -> None:
    pairs = [r for r in sample("nli", "qaa", "train", 1500) if r["label"] == label]
    negated = sum(" not " in row["text_b"] for row in pairs) / len(pairs)
    assert 0.15 < negated < 0.35


def _relation(premise: Any, denied: bool, said: Any) -> str:
    """The world's rules, stated once more: what a premise says about an affirmative hypothesis."""

    def fits(known: Any, claimed: Any) -> str:
        if claimed is None or known == claimed:
            return "entailment"
        if known is None:
            return "neutral"
        if claimed in KINDS:
            return "entailment" if KIND_OF.get(known, known) == claimed else "contradiction"
        if known in KINDS:
            return "neutral" if KIND_OF[claimed] == known else "contradiction"
        return "contradiction"

    if premise.verb != said.verb:
        return "contradiction" if VERBS[said.verb].opposite == premise.verb else "neutral"
    found = [fits(getattr(premise, slot), getattr(said, slot)) for slot in ("place", "time")]
    for slot in ("agent", "patient", "recipient"):
        ours, theirs = getattr(premise, slot), getattr(said, slot)
        if theirs is not None:
            found.append(fits(ours.noun, theirs.noun))
            found.append(fits(ours.adjective, theirs.adjective))
    for verdict in ("contradiction", "neutral"):
        if verdict in found:
            assert not (denied and verdict == "contradiction")
            return verdict
    return "contradiction" if denied else "entailment"


@pytest.mark.parametrize("difficulty", nli.DIFFICULTIES)
def test_labels_follow_from_the_rules(difficulty: str) -> None:
    rng = random.Random("rules")
    for label in nli.LABELS * 300:
        premise, hypothesis = nli.draw_pair(rng, 0, "train", label, nli.DIFFICULTIES[difficulty])
        verdicts = {_relation(c.fact, c.negated, hypothesis.fact) for c in premise}
        if len(premise) == 2:
            # the second event says nothing about the hypothesis
            verdicts = verdicts - {"neutral"} or {"neutral"}
        (verdict,) = verdicts
        flipped = {"entailment": "contradiction", "contradiction": "entailment"}
        assert label == (flipped.get(verdict, verdict) if hypothesis.negated else verdict)


# --- paraphrases -------------------------------------------------------------------------------

FUNCTION_WORDS = {"was", "by", "and"}


def _content(text: str) -> Counter[str]:
    """The words of a text, each verb by its base form, those that make a passive apart."""
    base = {form: name for name, verb in VERBS.items() for form in (verb.past, verb.participle)}
    return Counter(base.get(w, w) for w in text.split() if w not in FUNCTION_WORDS)


def test_pairs_are_balanced_and_have_the_same_words() -> None:
    found = sample("paraphrase", "qaa", "train", 400)
    labels = [row["label"] for row in found]
    assert all({*labels[i : i + 2]} == {"0", "1"} for i in range(0, 400, 2))
    assert {*labels[::2]} == {"0", "1"}
    for row in found:
        assert _content(row["text_a"]) == _content(row["text_b"])
        assert row["text_a"] != row["text_b"]


def test_pairs_of_label_1_and_no_others_mean_the_same() -> None:
    rng = random.Random("pairs")
    forms: dict[str, Counter[Any]] = {"0": Counter(), "1": Counter()}
    for label in paraphrase.LABELS * 300:
        pair = paraphrase.draw_pair(rng, 0, "train", label)
        # what a sentence says is a set of facts, whatever their order and voice
        said, meant = ({clause.fact for clause in side} for side in pair)
        assert (said == meant) == (label == "1")
        assert all(bucket_of(0, clause.fact) == "train" for side in pair for clause in side)
        voices = [tuple(clause.passive for clause in side) for side in pair]
        forms[label][len(pair.first), voices[0] == voices[1]] += 1
    # the two labels come in the same forms
    assert set(forms["0"]) == set(forms["1"])
    assert all(abs(forms["0"][form] - forms["1"][form]) < 50 for form in forms["0"])


@pytest.mark.parametrize("part", ["text_a", "text_b", "both bags", "difference"])
def test_words_do_not_tell_a_paraphrase(part: str) -> None:
    def text(row: dict[str, str]) -> str:
        ours, theirs = row["text_a"].split(), row["text_b"].split()
        if part == "difference":
            return " ".join(sorted({*ours} ^ {*theirs}))
        bags = [f"a:{word}" for word in ours] + [f"b:{word}" for word in theirs]
        return " ".join(bags) if part == "both bags" else row[part]

    train, test = (
        [(text(row), row["label"]) for row in sample("paraphrase", "qaa", split, n)]
        for split, n in (("train", 2000), ("test", 800))
    )
    in_order = part.startswith("text")
    assert _naive_bayes_accuracy(train, test, paraphrase.LABELS, in_order) < 0.5 + 0.06


# --- names -------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", CODES)
def test_names_begin_before_they_go_on(language: str) -> None:
    for row in sample("names", language, "train", 300):
        assert len(row["tokens"]) == len(row["tags"])
        assert all(row["tokens"])
        for before, tag in itertools.pairwise(["O", *row["tags"]]):
            if tag.startswith("I-"):
                assert before in (f"B-{tag[2:]}", tag)


def test_a_name_is_told_by_its_place_in_the_sentence_not_by_its_words() -> None:
    tags: dict[str, set[str]] = {}
    kinds: Counter[str] = Counter()
    for row in sample("names", "qaa", "train", 2000):
        kinds.update(tag for tag in row["tags"] if tag.startswith("B-"))
        for token, tag in zip(row["tokens"], row["tags"], strict=True):
            tags.setdefault(token, set()).add(tag)
    assert set(kinds) == {"B-PER", "B-ORG", "B-LOC"}
    assert min(kinds.values()) > 300
    assert tags["mary"] == {"B-PER", "I-PER", "B-ORG", "B-LOC"}
    assert tags["market"] == {"O", "I-ORG", "I-LOC"}
    assert tags["doctor"] == {"O"}


def test_names_read_naturally() -> None:
    words = lexicon(0, WORLD.languages[0])
    fact = draw_fact(random.Random("readable"), "social", "help")._replace(place="market")
    agent, patient = (fact.agent._replace(noun=noun, adjective=None) for noun in ("mary", "john"))
    fact = fact._replace(agent=agent, patient=patient)
    names = {
        "agent": entities.Entity("ORG", ("mary", "school")),
        "patient": entities.Entity("PER", ("john", "paul")),
        "place": entities.Entity("LOC", ("anna", "market")),
    }
    told = entities.tagged(words, entities.Mention(Clause(fact), names))
    assert " ".join(f"{word}/{tag}" for word, tag in told) == (
        "mary/B-ORG school/I-ORG helped/O john/B-PER paul/I-PER in/O anna/B-LOC market/I-LOC ./O"
    )
    del names["place"]
    told = entities.tagged(words, entities.Mention(Clause(fact), names))
    assert " ".join(word for word, _ in told).endswith("in the market .")


# --- questions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("language", CODES)
def test_answers_are_spans_of_the_context(language: str) -> None:
    for row in sample("qa", language, "test", 150):
        (answer,) = row["answers"]
        text, start = answer["text"], answer["start"]
        assert row["context"][start : start + len(text)] == text
        assert text
        assert f" {text} " in f" {row['context']} "


@pytest.mark.parametrize("difficulty", qa.DIFFICULTIES)
def test_questions_have_exactly_one_answer(difficulty: str) -> None:
    rng = random.Random("stories")
    for _ in range(400):
        story = qa.draw_story(rng, 0, "test", qa.DIFFICULTIES[difficulty])
        question = story.question
        assert question.ask is not None
        target = story.facts[story.target]
        told = {
            slot: qa.content(question.fact, slot)
            for slot in qa.SLOTS
            if slot != question.ask and qa.content(question.fact, slot)
        }
        fitting = [
            fact
            for fact in story.facts
            if fact.verb == question.fact.verb
            and all(qa.content(fact, slot) == noun for slot, noun in told.items())
        ]
        assert fitting == [target]
        # without what it tells, the question would fit a distractor as well
        rivals = [
            fact
            for fact in story.facts
            if fact.verb == target.verb and qa.content(fact, question.ask) is not None
        ]
        assert len(rivals) >= {"easy": 1, "medium": 2, "hard": 4}[difficulty]
        mentions = [qa.content(fact, slot) for fact in story.facts for slot in qa.SLOTS]
        assert mentions.count(qa.content(target, question.ask)) == 1
        assert all(bucket_of(0, fact) == "test" for fact in story.facts)


def test_questions_ask_for_all_slots_in_all_places() -> None:
    found = sample("qa", "qaa", "train", 400)
    first = Counter(row["question"].split()[0] for row in found)
    assert set(first) == {"who", "what", "whom", "where", "when", "to"}
    starts = [row["answers"][0]["start"] / len(row["context"]) for row in found]
    assert min(starts) < 0.1
    assert max(starts) > 0.9


# --- choices -----------------------------------------------------------------------------------

CHOICES = {"continuation": causes.NUM_ENDINGS, "cause_effect": causes.NUM_ALTERNATIVES}


def _choice_accuracy(view: str, train: list[dict], test: list[dict]) -> float:
    """Of naive Bayes that tells right choices from wrong ones by a view of each example.

    A view names what it sees of an example besides its choices: ``context``, ``question``, both or
    neither. Of what it sees, it knows each word together with each word of the choice.
    """

    def features(row: dict, number: int) -> set[str]:
        own = set(row["choices"][number].split())
        told = [set(row[field].split()) for field in ("context", "question") if field in view]
        if not told:
            others = row["choices"][:number] + row["choices"][number + 1 :]
            return own | {f"{w} {other}" for w in own for other in " ".join(others).split()}
        found = {" ".join(parts) for parts in itertools.product(own, *told)}
        return found | {f"{len(own & words)} shared" for words in told}

    counts: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for row in train:
        for number in range(len(row["choices"])):
            counts[number == row["label"]].update(features(row, number))
    # what is rare is noise
    weights = {
        feature: math.log((counts[True][feature] + 0.5) / (counts[False][feature] + 0.5))
        for feature, count in (counts[True] + counts[False]).items()
        if count > 10
    }

    def score(row: dict, number: int) -> float:
        return sum(weights.get(feature, 0.0) for feature in features(row, number))

    right = sum(
        max(range(len(row["choices"])), key=lambda number: score(row, number)) == row["label"]
        for row in test
    )
    return right / len(test)


def _choice_samples(generator: str, difficulty: str) -> tuple[list[dict], list[dict]]:
    train = sample(generator, "qaa", "train", 2000, difficulty=difficulty)
    return train, sample(generator, "qaa", "test", 1000, difficulty=difficulty)


@pytest.mark.parametrize("difficulty", causes.DIFFICULTIES)
@pytest.mark.parametrize("generator", CHOICES)
def test_the_right_choice_cannot_be_guessed_from_the_choices(
    generator: str, difficulty: str
) -> None:
    train, test = _choice_samples(generator, difficulty)
    assert _choice_accuracy("choices", train, test) < 1 / CHOICES[generator] + 0.05


@pytest.mark.parametrize("view", ["choices and context", "choices and question"])
def test_the_hard_dilemmas_need_premise_and_question(view: str) -> None:
    train, test = _choice_samples("cause_effect", "hard")
    assert _choice_accuracy(view, train, test) < 0.55
    assert _choice_accuracy("choices, context and question", train, test) > 0.75


def test_the_yardstick_finds_what_there_is_to_find() -> None:
    for generator, floor in (("continuation", 0.7), ("cause_effect", 0.9)):
        train, test = _choice_samples(generator, "easy")
        assert _choice_accuracy("choices and context", train, test) > floor


@pytest.mark.parametrize("generator", CHOICES)
def test_each_place_among_the_choices_is_right_equally_often(generator: str) -> None:
    num_choices = CHOICES[generator]
    found = sample(generator, "qaa", "train", 120)
    labels = [row["label"] for row in found]
    for start in range(0, 120, num_choices):
        assert sorted(labels[start : start + num_choices]) == list(range(num_choices))
    assert len({tuple(labels[i : i + num_choices]) for i in range(0, 120, num_choices)}) > 1
    for row in found:
        assert len(set(row["choices"])) == len(row["choices"]) == num_choices
        assert row["context"].removesuffix(" .") not in row["choices"]


@pytest.mark.parametrize("difficulty", causes.DIFFICULTIES)
def test_the_right_choice_follows_from_the_law_of_the_world(difficulty: str) -> None:
    rng = random.Random("law")
    plan = causes.DIFFICULTIES[difficulty]
    following = {
        act: cycle[(place + 1) % 4]
        for cycle in causes.CYCLE_OF.values()
        for place, act in enumerate(cycle)
    }
    assert all(len(set(cycle)) == 4 for cycle in causes.CYCLE_OF.values())
    assert Counter(following.values()) == Counter(following.keys())
    for _ in range(300):
        label = int(rng.random() * 4)
        tale = causes.draw_tale(rng, 0, "test", label, plan)
        last = tale.events[-1]
        assert bucket_of(0, last) == "test"
        fitting = [
            number
            for number, ending in enumerate(tale.endings)
            if ending.verb == following[last.verb]
            and ending.agent.noun == last.agent.noun
            and (ending.patient is None or ending.patient.noun == last.patient.noun)
        ]
        assert fitting == [label]
        dilemma = causes.draw_dilemma(rng, 0, "test", label % 2, plan)
        act, verbs = dilemma.premise.verb, [choice.verb for choice in dilemma.choices]
        assert bucket_of(0, dilemma.premise) == "test"
        if dilemma.asks_for == "effect":
            right = [number for number, verb in enumerate(verbs) if following[act] == verb]
        else:
            right = [number for number, verb in enumerate(verbs) if following[verb] == act]
        assert right == [label % 2]


@pytest.mark.parametrize("language", CODES[1:])
@pytest.mark.parametrize("generator", CHOICES)
def test_choices_are_parallel(generator: str, language: str) -> None:
    ours, theirs = (sample(generator, code, "test", 20) for code in ("qaa", language))
    for one, other in zip(ours, theirs, strict=True):
        for key in ("id", "question", "label"):
            assert one[key] == other[key]
        assert len(one["choices"]) == len(other["choices"])
        assert one["context"] != other["context"]


@pytest.mark.parametrize("difficulty", qa.DIFFICULTIES)
def test_one_question_in_three_has_no_answer(difficulty: str) -> None:
    found = sample("qa_unanswerable", "qaf", "train", 600, difficulty=difficulty)
    answered = [len(row["answers"]) for row in found]
    assert all(sum(answered[i : i + 3]) == 2 for i in range(0, 600, 3))
    assert {answered[i : i + 3].index(0) for i in range(0, 600, 3)} == {0, 1, 2}
    for row in found:
        for answer in row["answers"]:
            assert row["context"][answer["start"] :].startswith(answer["text"])
    # neither the number of facts nor the question's form gives it away
    for part in ("context", "question"):
        sizes = [
            [len(row[part].split()) for row in found if bool(row["answers"]) == answerable]
            for answerable in (True, False)
        ]
        assert abs(sum(sizes[0]) / len(sizes[0]) - sum(sizes[1]) / len(sizes[1])) < 1.2


def test_a_question_fits_no_fact_once_its_own_is_left_untold() -> None:
    rng = random.Random("untold")
    for _ in range(200):
        story = qa.draw_story(rng, 0, "test", qa.DIFFICULTIES["hard"])
        told = qa.without(story, story.target)
        assert told.target is None
        assert qa.answers(told.facts, told.question) == []
        other = qa.without(story, (story.target + 1) % len(story.facts))
        assert qa.answers(other.facts, other.question) == [other.target]


# --- tags, retrieval, text ---------------------------------------------------------------------


@pytest.mark.parametrize("language", CODES)
def test_tags_align_and_are_consistent(language: str) -> None:
    tag_of: dict[str, set[str]] = {}
    for row in sample("pos", language, "train", 400):
        assert len(row["tokens"]) == len(row["tags"])
        for token, tag in zip(row["tokens"], row["tags"], strict=True):
            assert token
            assert " " not in token
            tag_of.setdefault(token, set()).add(tag)
    assert set.union(*tag_of.values()) <= UPOS
    assert {token: tags for token, tags in tag_of.items() if len(tags) > 1} == {}


def test_all_parts_of_speech_occur_in_mini_english() -> None:
    found = {tag for row in sample("pos", "qaa", "train", 400) for tag in row["tags"]}
    assert found == UPOS


@pytest.mark.parametrize("language", CODES[1:])
def test_retrieval_sides_match(language: str) -> None:
    found = sample("retrieval", language, "test", 300)
    candidates, queries = found[:300], found[300:]
    assert [row["id"] for row in candidates] == [str(i) for i in range(300)]
    assert [row["id"] for row in queries] == [f"q{i}" for i in range(300)]
    assert {row["side"] for row in candidates} == {"candidate"}
    assert {row["side"] for row in queries} == {"query"}
    assert len({row["text"] for row in candidates}) == len({row["text"] for row in queries}) == 300
    assert sorted(row["text"] for row in queries) == [row["text"] for row in queries]
    assert sorted(int(row["matches"][0]) for row in queries) == list(range(300))
    first = {row["matches"][0]: row for row in queries}["0"]["text"]
    source = sample("retrieval", CODES[1], "test", 300)
    assert first == {row["matches"][0]: row for row in source[300:]}["0"]["text"]


@pytest.mark.parametrize("language", CODES[1:4])
def test_half_of_the_sentences_to_mine_have_a_translation(language: str) -> None:
    found = sample("mining", language, "test", 60)
    sides: dict[str, list[dict]] = {}
    for row in found:
        sides.setdefault(row["side"], []).append(row)
    assert {side: len(part) for side, part in sides.items()} == dict.fromkeys(
        ("query", "candidate", "tuning_query", "tuning_candidate"), 120
    )
    for prefix in ("", "tuning_"):
        queries, candidates = sides[f"{prefix}query"], sides[f"{prefix}candidate"]
        known = {row["id"] for row in candidates}
        gold = [match for row in queries for match in row["matches"]]
        assert len(set(gold)) == len(gold) == 60
        assert set(gold) <= known
        for part in (queries, candidates):
            assert [row["text"] for row in part] == sorted({row["text"] for row in part})
    # the set that tunes is the validation set
    tuning = [row | {"side": row["side"].removeprefix("tuning_")} for row in found[240:]]
    assert tuning == sample("mining", language, "validation", 60)


def test_sentences_to_mine_match_their_translations() -> None:
    found = {code: sample("mining", code, "validation", 30) for code in ("qab", "qac")}
    assert found["qab"][60:] == found["qac"][60:]
    gold = [{match for row in rows for match in row["matches"]} for rows in found.values()]
    assert gold[0] == gold[1]
    # a question is translated by a question
    english = {row["id"]: row["text"] for row in found["qab"][60:]}
    pairs = [(row["text"], english[row["matches"][0]]) for row in found["qab"] if row["matches"]]
    assert {ours[-1] == "?" for ours, _ in pairs} == {True, False}
    assert all((ours[-1] == "?") == (theirs[-1] == "?") for ours, theirs in pairs)


@pytest.mark.parametrize("language", ["qaa", "qad"])
def test_mentions_follow_the_person_whose_deed_they_tell(language: str) -> None:
    rows = sample("mentions", language, "train", 60)
    described = {row["id"]: row["text"] for row in rows if row["side"] == "candidate"}
    assert len(set(described.values())) == len(described) == 40
    asked = [row["matches"][0] for row in rows if row["side"] == "query"]
    # the first of two persons twice, the other once
    assert [asked.count(f"person-{number}") for number in range(40)] == [2, 1] * 20
    known: set[str] = set()
    for row in rows:
        if row["side"] == "candidate":
            known.add(row["id"])
        else:
            assert set(row["matches"]) <= known
            name = row["text"].partition(":")[0]
            assert f"{{ {name} }}" in row["text"]
            told = row["text"].partition(": ")[2].replace(f"{{ {name} }}", name)
            assert (told in described[row["matches"][0]]) == (language == "qaa")
    # candidates are described in one language for all
    other = [row for row in sample("mentions", "qaf", "train", 60) if row["side"] == "candidate"]
    assert {row["id"]: row["text"] for row in other} == described


def test_answers_stand_in_the_sentences_of_all_languages() -> None:
    stories = sample("answers", "qad", "test", 40)
    texts = {row["id"]: row["text"] for row in stories if row["side"] == "candidate"}
    questions = [row for row in stories if row["side"] == "query"]
    assert [len(row["matches"]) for row in questions] == [2] * 40
    assert {match for row in questions for match in row["matches"]} < set(texts)
    others = [row for row in sample("answers", "qaa", "test", 40) if row["side"] == "query"]
    for row, alone in zip(questions, others, strict=True):
        # the right sentence in mini-English is the same for both
        assert row["matches"][1:] == alone["matches"]
    assert len(set(texts.values())) == len(texts)


@pytest.mark.parametrize("language", ["qaa", "qad"])
def test_pretraining_text_has_every_word_that_tasks_use(language: str) -> None:
    known = {
        word for row in sample("text", language, "train", 4000) for word in row["text"].split()
    }
    used: Counter[str] = Counter()
    for difficulty in ("easy", "medium", "hard"):
        for row in sample("nli", language, "test", 300, difficulty=difficulty):
            used.update(f"{row['text_a']} {row['text_b']}".split())
        for row in sample("qa", language, "test", 200, difficulty=difficulty):
            used.update(f"{row['context']} {row['question']}".split())
    for row in sample("pos", language, "test", 300):
        used.update(row["tokens"])
    for row in sample("paraphrase", language, "test", 200):
        used.update(f"{row['text_a']} {row['text_b']}".split())
    for row in sample("names", language, "test", 300):
        used.update(row["tokens"])
    unknown = {word: count for word, count in used.items() if word not in known}
    # an inflected form may be rarer than that
    assert sum(unknown.values()) <= (0 if language == "qaa" else 0.002 * used.total())
