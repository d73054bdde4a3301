"""Heads: saved, loaded, and continued from the parent."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import save_file

from xstilts.errors import UserError
from xstilts.models.heads import (
    HeadSpec,
    hub_mlm_weights,
    load_head,
    new_head,
    parent_head,
    read_index,
    save_heads,
)

CONFIG = SimpleNamespace(hidden_size=8, vocab_size=20, hidden_dropout_prob=0.1)
NLI = HeadSpec(kind="classification", labels=("yes", "no", "maybe"))
SPECS = {"mnli": NLI, "squad": HeadSpec(kind="span"), "mlm": HeadSpec(kind="mlm")}


def saved(folder: Path, specs: dict[str, HeadSpec]) -> dict[str, torch.nn.Module]:
    torch.manual_seed(0)
    heads = {name: new_head(spec, CONFIG) for name, spec in specs.items()}
    save_heads(heads, specs, folder)
    return heads


def test_heads_are_loaded_as_they_were_saved(tmp_path: Path) -> None:
    heads = saved(tmp_path, SPECS)
    assert read_index(tmp_path) == SPECS
    for name, head in heads.items():
        for key, tensor in load_head(tmp_path, name, CONFIG).state_dict().items():
            assert torch.equal(tensor, head.state_dict()[key]), (name, key)


def test_unknown_head_names_the_nearest(tmp_path: Path) -> None:
    saved(tmp_path, SPECS)
    with pytest.raises(UserError, match="Did you mean 'squad'"):
        load_head(tmp_path, "squad_v1", CONFIG)


def test_a_parents_head_needs_equal_kind_and_labels(tmp_path: Path) -> None:
    saved(tmp_path, SPECS)
    assert parent_head(tmp_path, "mnli", NLI) == "mnli"
    assert parent_head(tmp_path, "xnli", NLI) == "mnli"
    swapped = HeadSpec(kind="classification", labels=("no", "yes", "maybe"))
    assert parent_head(tmp_path, "mnli", swapped) is None
    assert parent_head(tmp_path, "udpos", HeadSpec(kind="tagging", labels=NLI.labels)) is None


def test_heads_for_choices_do_not_depend_on_their_number(tmp_path: Path) -> None:
    # jiant's and transformers' heads for multiple choice have one output as well
    spec = HeadSpec(kind="multiple_choice")
    saved(tmp_path, {"social_iqa": spec})
    assert parent_head(tmp_path, "copa", spec) == "social_iqa"
    head = load_head(tmp_path, "social_iqa", CONFIG).eval()
    hidden = torch.randn(6, 4, 8, generator=torch.Generator().manual_seed(0))
    mask = torch.ones(6, 4, dtype=torch.long)
    scores = head(hidden, mask)
    assert scores.shape == (6,)
    for choices in (2, 3):
        label = torch.arange(6 // choices).remainder(choices)
        targets = {"label": label.unsqueeze(1).expand(-1, choices), "attention_mask": mask}
        loss, count = head.loss(hidden, targets, torch.zeros(20, 8))
        expected = [
            torch.logsumexp(row, 0) - row[right]
            for row, right in zip(scores.view(-1, choices), label, strict=True)
        ]
        assert count == 6 // choices
        assert torch.isclose(loss, torch.stack(expected).sum())


def test_choice_head_equals_that_of_transformers() -> None:
    from transformers.models.xlm_roberta.modeling_xlm_roberta import (
        XLMRobertaConfig,
        XLMRobertaForMultipleChoice,
    )

    config = XLMRobertaConfig(
        vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16,
    )  # fmt: skip
    model = XLMRobertaForMultipleChoice(config).eval()
    ours = new_head(HeadSpec(kind="multiple_choice"), config).eval()
    ours.load_state_dict(
        {
            "dense.weight": model.roberta.pooler.dense.weight,
            "dense.bias": model.roberta.pooler.dense.bias,
            "output.weight": model.classifier.weight,
            "output.bias": model.classifier.bias,
        }
    )
    ids = torch.randint(3, 20, (2, 3, 5), generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([2, 0])
    theirs = model(input_ids=ids, labels=labels)
    hidden = model.roberta(input_ids=ids.flatten(0, 1)).last_hidden_state
    mask = torch.ones(6, 5, dtype=torch.long)
    assert torch.allclose(ours(hidden, mask).view(2, 3), theirs.logits, atol=1e-6)
    targets = {"label": labels.unsqueeze(1).expand(-1, 3), "attention_mask": mask}
    loss, count = ours.loss(hidden, targets, model.get_input_embeddings().weight)
    assert torch.isclose(loss / count, theirs.loss)


def test_of_two_fitting_heads_only_a_namesake_is_taken(tmp_path: Path) -> None:
    saved(tmp_path, {"mnli": NLI, "anli": NLI})
    assert parent_head(tmp_path, "anli", NLI) == "anli"
    assert parent_head(tmp_path, "xnli", NLI) is None


def test_a_bare_encoder_has_no_heads(tmp_path: Path) -> None:
    assert read_index(tmp_path) == {}
    assert hub_mlm_weights(tmp_path) == {}


def test_the_language_model_head_of_a_checkpoint_fits_ours(tmp_path: Path) -> None:
    weights = {
        "lm_head.dense.weight": torch.ones(8, 8),
        "lm_head.dense.bias": torch.ones(8),
        "lm_head.layer_norm.weight": torch.ones(8),
        "lm_head.layer_norm.bias": torch.ones(8),
        "lm_head.bias": torch.full((20,), 3.0),
    }
    save_file(weights, tmp_path / "model.safetensors")
    head = new_head(SPECS["mlm"], CONFIG)
    head.load_state_dict(hub_mlm_weights(tmp_path))
    assert head.get_parameter("bias")[0] == 3


def test_language_model_head_equals_that_of_transformers() -> None:
    from transformers.models.xlm_roberta.modeling_xlm_roberta import (
        XLMRobertaConfig,
        XLMRobertaForMaskedLM,
    )

    config = XLMRobertaConfig(
        vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, layer_norm_eps=1e-5,
    )  # fmt: skip
    model = XLMRobertaForMaskedLM(config).eval()
    ours = new_head(SPECS["mlm"], config)
    theirs = {k: v for k, v in model.lm_head.state_dict().items() if not k.startswith("decoder")}
    ours.load_state_dict(theirs)
    hidden = torch.randn(5, 8)
    embeddings = model.get_input_embeddings().weight
    assert torch.allclose(ours(hidden, embeddings), model.lm_head(hidden), atol=1e-6)
