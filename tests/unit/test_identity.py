"""Identities and code fingerprints: changes that count, and changes that do not."""

from __future__ import annotations

import importlib.util
import re
import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from xstilts import fingerprint as module
from xstilts.features import FEATURES, OPTIONAL, load, names_of
from xstilts.fingerprint import NON_NUMERIC, fingerprint
from xstilts.identity import differences, digest
from xstilts.tasks import TASKS

LIBRARY = Path(module.__file__).parent


def read_again() -> None:
    """Clear the caches of code that was read."""
    module._path_of.cache_clear()
    module._read.cache_clear()
    module._followed.cache_clear()


@pytest.fixture(autouse=True)
def _fresh_fingerprints() -> Iterator[None]:
    read_again()
    yield
    read_again()


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
    read_again()
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


def test_type_checking_blocks_do_not_count(package: Path):
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


def test_a_function_may_import_only_modules_of_a_feature(
    package: Path, monkeypatch: pytest.MonkeyPatch
):
    text = "def loss(x):\n    from xstilts.training.other import VALUE\n    return VALUE\n"
    with pytest.raises(LookupError, match=r"xstilts\.training\.other is of no feature"):
        _after(package, "loss.py", text)
    monkeypatch.setitem(FEATURES, "other", ("xstilts.training.other",))
    read_again()
    # another product's feature is not enough
    with pytest.raises(LookupError, match="FEATURES or OPTIONAL"):
        fingerprint(ENTRY)
    assert "xstilts.training.other" in fingerprint([*ENTRY, "other"])
    monkeypatch.setitem(FEATURES, "loss", tuple(ENTRY))
    monkeypatch.setitem(OPTIONAL, "loss", ("other",))
    read_again()
    assert "xstilts.training.other" not in fingerprint(["loss"])


def test_a_feature_that_is_not_in_the_table_is_found(monkeypatch: pytest.MonkeyPatch):
    fingerprint(["training"])
    for feature in ("lora", "padding_free", "compile", "contrastive"):
        with monkeypatch.context() as patch:
            patch.delitem(FEATURES, feature)
            read_again()
            with pytest.raises(LookupError, match="is of no feature"):
                fingerprint(["training"])


def test_all_modules_of_identities_can_be_followed():
    readers = {
        getattr(read, "func", read).__module__
        for task in TASKS.values()
        for read in (task.read, task.hub and task.hub.read)
        if read
    }
    found = fingerprint([*FEATURES, *readers])
    assert {name for modules in FEATURES.values() for name in modules} <= set(found)
    assert all(importlib.util.find_spec(name) for name in NON_NUMERIC)
    with pytest.raises(LookupError, match="'loar' is not a feature"):
        fingerprint(["training", "loar"])


def test_every_task_has_its_modules():
    for task in TASKS.values():
        assert load("tokens", task.kind).encode
        if task.kind != "mlm":
            assert load("prediction", task.kind).Predictor
            assert load("metrics", task.scorer or task.kind).score
    heads = {path.stem for path in (LIBRARY / "models").glob("head_*.py")}
    assert heads == {f"head_{kind}" for kind in names_of("head")}


def test_no_module_of_the_package_is_imported_dynamically():
    """Except for the loading of features, and of tasks, which are found as files."""
    dynamic_import = re.compile(r"import_module\(\s*f?[\"']xstilts")
    found = {
        path.relative_to(LIBRARY).as_posix()
        for path in LIBRARY.rglob("*.py")
        if dynamic_import.search(path.read_text())
    }
    assert found == {"tasks/registry.py"}


def test_lora_code_counts_for_lora_stages_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shutil.copytree(LIBRARY, tmp_path / "xstilts", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(module, "_ROOT", tmp_path / "xstilts")
    stages = {"full": ["training", "head/span"], "lora": ["training", "head/span", "lora"]}
    before = {name: fingerprint(used) for name, used in stages.items()}
    with (tmp_path / "xstilts/models/adapters.py").open("a") as file:
        file.write("\nSCALE = 2.0\n")
    read_again()
    after = {name: fingerprint(used) for name, used in stages.items()}
    assert after["full"] == before["full"]
    changed = {key for key in after["lora"] if after["lora"][key] != before["lora"].get(key)}
    assert changed == {"xstilts.models.adapters"}
