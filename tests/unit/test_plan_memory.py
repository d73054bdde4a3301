"""One estimate of memory: ``plan`` and ``memory`` agree on every kind of stage."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from test_config import STUDY

import xstilts.plan.memory
from xstilts.cli import main
from xstilts.training.memory import Memory

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = {
    "model_type": "xlm-roberta", "vocab_size": 250_002, "hidden_size": 768,
    "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072,
    "max_position_embeddings": 514,
}  # fmt: skip
LINEAR = 12 * (4 * 768 * 768 + 2 * 768 * 3072)
WEIGHTS = 4 * ((250_002 + 514 + 3) * 768 + LINEAR + 12 * (9 * 768 + 3072))
ADAPTERS = 4 * 12 * 16 * (4 * 2 * 768 + 2 * (768 + 3072))
NF4 = 0.5 + 1 / 64 + 4 / (64 * 256)
BASES: dict[str, dict[str, Any]] = {
    "full": {},
    "merged": {"recipe": {"lora": {"rank": 16}}},
    "apart": {"recipe": {"lora": {"rank": 16, "merge": False}}},
    "quantised": {"recipe": {"lora": {"rank": 16, "merge": False, "quantise": "4bit"}}},
    "sharded": {"parallel": {"processes": 4, "mode": "fsdp"}},
}
STORED = {
    # weights, gradients, moments, in bytes of one process
    "full": (WEIGHTS, WEIGHTS, 2 * WEIGHTS),
    "merged": (WEIGHTS + ADAPTERS, ADAPTERS, 2 * ADAPTERS),
    "apart": (WEIGHTS + ADAPTERS, ADAPTERS, 2 * ADAPTERS),
    "quantised": (WEIGHTS - (4 - NF4) * LINEAR + ADAPTERS, ADAPTERS, 2 * ADAPTERS),
    "sharded": (WEIGHTS / 4, WEIGHTS / 4, WEIGHTS / 2),
}


@pytest.fixture
def study(tmp_path: Path) -> list[str]:
    """Options of a study with a base of each kind."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model/config.json").write_text(json.dumps(SHAPE))
    content = yaml.safe_load(STUDY)
    content["bases"] = {
        name: {"path": str(tmp_path / "model"), **settings} for name, settings in BASES.items()
    }
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump(content))
    return ["--configfile", str(file)]


def planned(study: list[str], tmp_path: Path, *more: str) -> list[dict[str, Any]]:
    """The memory estimates of ``plan``."""
    out = tmp_path / "plan.json"
    assert main(["plan", *study, "--gpu", "A100-80GB", "--json", str(out), *more]) == 0
    return json.loads(out.read_text())["memory"]["stages"]


def printed(
    study: list[str], capsys: pytest.CaptureFixture[str], *more: str
) -> list[dict[str, Any]]:
    """The output of ``memory``, in MiB."""
    capsys.readouterr()
    assert main(["memory", *study, *more]) == 0
    names = ("base", "length", "weights", "gradients", "moments", "gathered", "activations",
             "total")  # fmt: skip
    rows = []
    for line in capsys.readouterr().out.splitlines()[1:-1]:
        base, *stage, length, w, g, m, gathered, activations, total = line.replace(",", "").split()
        values = (base, *map(int, (length, w, g, m, gathered, activations, total)))
        rows.append({"stage": " ".join(stage), **dict(zip(names, values, strict=True))})
    return rows


@pytest.mark.parametrize(
    "tokens", [(), ("--distinct-tokens", "40000")], ids=["all tokens", "some tokens"]
)
def test_both_commands_agree_on_every_kind_of_stage(
    study: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], tokens: tuple[str, ...]
) -> None:
    plan, memory = planned(study, tmp_path, *tokens), printed(study, capsys, *tokens)
    assert {row["base"] for row in memory} == set(BASES)
    assert [(row["base"], row["example"], row["length"]) for row in plan] == [
        (row["base"], row["stage"], row["length"]) for row in memory
    ]
    for by_plan, by_memory in zip(plan, memory, strict=True):
        assert by_plan["bytes"] / 2**20 == pytest.approx(by_memory["total"], abs=1)


def test_trained_weights_are_counted_once(
    study: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for row in printed(study, capsys):
        found = [row[name] for name in ("weights", "gradients", "moments")]
        assert found == pytest.approx([part / 2**20 for part in STORED[row["base"]]], abs=1)
        assert (row["gathered"] > 0) == (row["base"] == "sharded")
    # embeddings of tokens that do not occur in the data are neither trained nor on the GPU
    unused = (250_002 - 40_000) * 768 * 4
    for row in printed(study, capsys, "--distinct-tokens", "40000"):
        weights = STORED[row["base"]][0]
        saved = {"full": unused, "sharded": unused / 4}.get(row["base"], 0)
        assert row["weights"] == pytest.approx((weights - saved) / 2**20, abs=1)


def test_both_commands_use_one_function(
    study: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def estimate(work: Any) -> Memory:
        asked.append(work)
        return Memory(weights=len(asked) << 40, gradients=0, moments=0, activations=0)

    monkeypatch.setattr(xstilts.plan.memory, "estimate", estimate)
    plan = planned(study, tmp_path)
    by_plan, asked[:] = list(asked), []
    memory = printed(study, capsys)
    assert asked == by_plan
    assert [row["bytes"] >> 40 for row in plan] == list(range(1, len(asked) + 1))
    assert [row["total"] >> 20 for row in memory] == list(range(1, len(asked) + 1))


def test_stages_with_adapters_do_not_get_the_advice_to_use_adapters(
    study: list[str], tmp_path: Path
) -> None:
    advice = {row["base"]: row["advice"] for row in planned(study, tmp_path, "--memory", "2GiB")}
    assert any(line.startswith("LoRA") for line in advice["full"])
    for base in ("merged", "apart", "quantised"):
        assert not any(line.startswith("LoRA") for line in advice[base])
