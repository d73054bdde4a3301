"""A few lines of each data set in its original format, made up for the tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PAIRS = [
    ('The "cat" sleeps .', "A cat rests .", "entailment"),
    ("Two dogs run .", "They bark .", "neutral"),
    ("It rains .", "The sun shines .", "contradictory"),
    ("北京很大 。", "L'eau est froide .", "neutral"),
]

CONLLU = """\
# sent_id = one
1\tDogs\tdog\tNOUN\t_\t_\t2\tnsubj\t_\t_
2\tbark\tbark\tVERB\t_\t_\t0\troot\t_\t_
3\t10\u00a0000\t_\tNUM\t_\t_\t2\tobj\t_\t_

# sent_id = two
1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_
1\tdo\tdo\tAUX\t_\t_\t0\troot\t_\t_
2\tn't\tnot\tPART\t_\t_\t1\tadvmod\t_\t_
3\tgo\tgo\tVERB\t_\t_\t1\txcomp\t_\t_

# sent_id = three
1\tن\u200cی\t_\tX\t_\t_\t0\troot\t_\t_
2\ta b\t_\tX\t_\t_\t1\tdep\t_\t_

"""

ENGLISH = "The sun rises.\nA dog.\nThe sun rises.\n"


def squad(blank: str = "") -> str:
    """Three questions on two paragraphs; ``blank`` stands before contexts and after questions."""
    texts = ["Ada Lovelace wrote a program in London. Ada!", "Der Fluß hat 12 km Länge 😀 genau."]
    asked = [
        (0, "q1", "Who wrote a program?", ["Ada Lovelace", "Ada"]),
        (0, "q2", "Where?", ["London"]),
        (1, "q3", "Wie lang?", ["12 km", "genau"]),
    ]
    paragraphs = []
    for number, text in enumerate(texts):
        entries = [
            {
                "id": name,
                "question": question + blank,
                "answers": [
                    {"text": answer, "answer_start": len(blank) + text.index(answer)}
                    for answer in answers
                ],
            }
            for paragraph, name, question, answers in asked
            if paragraph == number
        ]
        paragraphs.append({"context": blank + text, "qas": entries})
    return json.dumps({"version": "1.1", "data": [{"title": "t", "paragraphs": paragraphs}]})


def quoted(cell: str) -> str:
    """A cell as ``csv.writer`` writes it, with tabs between cells."""
    return '"' + cell.replace('"', '""') + '"' if '"' in cell else cell


def write_release_files(root: Path) -> Path:
    """Files of the six tasks in English, German and French, as far as they have them."""
    header = "premise\thypo\tlabel\n"
    table = header + "".join("\t".join(pair) + "\n" for pair in PAIRS)
    processed = "".join(
        "\t".join(map(quoted, pair)).replace("contradictory", "contradiction") + "\n"
        for pair in PAIRS
    )
    files = {
        "mnli/multinli.train.en.tsv": table,
        "mnli/multinli.dev.en.tsv": table,
        "XNLI-MT-1.0/multinli/multinli.train.de.tsv": table,
        "squad/train-v1.1.json": squad(),
        "squad/dev-v1.1.json": squad("  "),
        "xquad/xquad.en.json": squad(),
        "xquad/xquad.de.json": squad("  "),
        "tatoeba/tatoeba.deu-eng.deu": "Die Sonne geht auf.\nEin Hund. \nDie Sonne kommt.\n",
        "tatoeba/tatoeba.deu-eng.eng": ENGLISH,
    }
    for code in ("en", "de"):
        files[f"xnli/dev-{code}.tsv"] = processed
        files[f"xnli/test-{code}.labelled.tsv"] = processed
    for split in ("train", "dev", "test"):
        files[f"ud/UD_English-EWT/en_ewt-ud-{split}.conllu"] = CONLLU
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8", newline="")
    return root
