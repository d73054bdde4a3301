"""Identity and code fingerprint: what counts as a change, and what does not."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

from xstilts import fingerprint as module
from xstilts.fingerprint import fingerprint
from xstilts.identity import differences, digest

if TYPE_CHECKING:
    from pathlib import Path


def test_digest_ignores_the_order_of_keys():
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})
    assert digest([1, 2]) != digest([2, 1])


def test_differences_name_the_leaf_with_old_and_new():
    old = {"recipe": {"learning_rate": 1e-5, "epochs": 3}, "mixture": ["mnli@en"]}
    new = {"recipe": {"learning_rate": 3e-5, "epochs": 3}, "mixture": ["mnli@en", "qqp@en"]}
    assert differences(old, new) == [
        ("recipe.learning_rate", 1e-5, 3e-5),
        ("mixture[1]", None, "qqp@en"),
    ]
    assert differences(old, old) == []


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with a loss module that imports a helper; fingerprints look there."""
    root = tmp_path / "xstilts"
    (root / "training").mkdir(parents=True)
    (root / "__init__.py").write_text("")
    (root / "training" / "__init__.py").write_text("")
    (root / "training" / "loss.py").write_text(
        textwrap.dedent('''
            """Loss."""
            from xstilts.training import maths

            def loss(x):
                """Half the square."""
                return maths.square(x) / 2
        ''')
    )
    (root / "training" / "maths.py").write_text("def square(x):\n    return x * x\n")
    (root / "training" / "other.py").write_text("VALUE = 1\n")
    monkeypatch.setattr(module, "_ROOT", root)
    return root


ENTRY = ["xstilts.training.loss"]


def _after(package: Path, file: str, text: str) -> dict[str, str]:
    (package / "training" / file).write_text(text)
    module._read.cache_clear()
    return fingerprint(ENTRY)


def test_comments_docstrings_and_layout_do_not_count(package: Path):
    before = fingerprint(ENTRY)
    assert {"xstilts.training.loss", "xstilts.training.maths"} <= set(before)
    text = (
        '"""Another docstring."""\nfrom xstilts.training import maths  # why\n\n\n'
        'def loss(\n    x,\n):\n    """Changed."""\n    # comment\n    return maths.square(x) / 2\n'
    )
    assert _after(package, "loss.py", text) == before


def test_a_changed_operation_counts_also_in_an_imported_module(package: Path):
    before = fingerprint(ENTRY)
    after = _after(package, "maths.py", "def square(x):\n    return x * x * 1.0\n")
    changed = {key for key in before if before[key] != after[key]}
    assert changed == {"xstilts.training.maths"}


def test_a_module_that_is_not_imported_does_not_count(package: Path):
    before = fingerprint(ENTRY)
    assert _after(package, "other.py", "VALUE = 2\n") == before


def test_what_only_type_checkers_read_does_not_count(package: Path):
    before = fingerprint(ENTRY)
    text = (
        "from typing import TYPE_CHECKING\nfrom xstilts.training import maths\n"
        "if TYPE_CHECKING:\n    from xstilts.training import other\n"
        "def loss(x):\n    return maths.square(x) / 2\n"
    )
    after = _after(package, "loss.py", text)
    assert set(after) == set(before)


def test_an_unknown_entry_module_is_an_error():
    with pytest.raises(ModuleNotFoundError, match=r"no module xstilts\.nothing"):
        fingerprint(["xstilts.nothing"])
