"""Shapes of encoders: parameters and operations are those of real models."""

from __future__ import annotations

import pytest
import torch
from engine_world import ARCHITECTURE
from torch.utils.flop_counter import FlopCounterMode

from xstilts.models.adapters import linear_layers
from xstilts.models.encoder import build_encoder
from xstilts.models.heads import HeadSpec, new_head
from xstilts.models.layers import layers_of
from xstilts.models.shape import head_parameters, shape_of_config
from xstilts.plan.known_models import KNOWN_MODELS
from xstilts.plan.work import forward_flops, masked_flops


@pytest.mark.parametrize(
    "name",
    [
        "FacebookAI/xlm-roberta-large",
        "facebook/xlm-roberta-xl",
        "google-bert/bert-base-multilingual-cased",
        "intfloat/multilingual-e5-small",
        "microsoft/mdeberta-v3-base",
        "jhu-clsp/mmBERT-small",
        "EuroBERT/EuroBERT-2.1B",
        "google/mt5-small",
        "google/mt5-xl",
        "bigscience/bloom-560m",
        "facebook/xglm-564M",
        "Qwen/Qwen2.5-0.5B",
        "Qwen/Qwen3-4B-Base",
        "google/gemma-2b",
        "google/gemma-2-2b",
        "google/gemma-3-270m",
    ],
)
def test_known_models_have_the_parameters_and_layers_that_transformers_builds(name: str) -> None:
    import transformers
    from transformers.models.mt5.modeling_mt5 import MT5EncoderModel

    config = transformers.AutoConfig.for_model(**KNOWN_MODELS[name])
    model_class = transformers.MODEL_MAPPING[type(config)]
    if config.model_type == "mt5":
        model_class = MT5EncoderModel
    has_pooler = config.model_type in ("bert", "xlm-roberta", "xlm-roberta-xl")
    pooler = {"add_pooling_layer": False} if has_pooler else {}
    with torch.device("meta"):
        model = model_class(config, **pooler)
    shape = shape_of_config(KNOWN_MODELS[name])
    assert shape.parameters == sum(parameter.numel() for parameter in model.parameters())
    layer = layers_of(model)[-1]
    built = {name: layer.get_submodule(name) for name in linear_layers(layer)}
    sizes = {name: (module.in_features, module.out_features) for name, module in built.items()}
    assert shape.linear_layers == sizes
    # the only families with layers that stay in fp32 when others are quantised
    assert (config.model_type == "mt5") == bool(model._keep_in_fp32_modules)


def test_electra_has_the_parameters_that_transformers_builds() -> None:
    import transformers

    values = KNOWN_MODELS["google-bert/bert-base-multilingual-cased"]
    for size in (128, 768):
        settings = values | {"model_type": "electra", "embedding_size": size}
        with torch.device("meta"):
            model = transformers.ElectraModel(transformers.ElectraConfig(**settings))
        built = sum(parameter.numel() for parameter in model.parameters())
        assert shape_of_config(settings).parameters == built


@pytest.mark.parametrize(
    "kind", ["classification", "tagging", "span", "multiple_choice", "ranking", "mlm"]
)
def test_heads_have_the_parameters_that_are_built(kind: str) -> None:
    config = build_encoder({**ARCHITECTURE, "vocab_size": 200}).config
    spec = HeadSpec(kind=kind, labels=("a", "b", "c"))
    built = sum(parameter.numel() for parameter in new_head(spec, config).parameters())
    assert head_parameters(kind, shape_of_config(config.raw), 3) == built


@pytest.mark.parametrize(
    ("name", "published"),
    [
        # from model pages on the Hub (weights in model.safetensors, tied heads once)
        ("bigscience/bloom-560m", 559_214_592),
        ("bigscience/bloom-7b1", 7_069_016_064),
        ("Qwen/Qwen2.5-0.5B", 494_032_768),
        ("Qwen/Qwen3-0.6B-Base", 596_049_920),
        ("google/gemma-2b", 2_506_172_416),
        ("google/gemma-2-2b", 2_614_341_888),
        ("google/gemma-3-1b-pt", 999_885_952),
    ],
)
def test_known_models_have_their_published_parameters(name: str, published: int) -> None:
    assert shape_of_config(KNOWN_MODELS[name]).parameters == published


def test_operations_are_those_of_the_matrices_of_a_real_encoder() -> None:
    architecture = ARCHITECTURE | {"vocab_size": 200, "dropout": 0.0}
    encoder = build_encoder(architecture).eval()
    length = 24
    ids = torch.randint(5, 200, (3, length))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        encoder(input_ids=ids, attention_mask=torch.ones_like(ids))
    config = {
        "model_type": "xlm-roberta",
        "hidden_size": architecture["hidden_size"],
        "num_hidden_layers": architecture["num_layers"],
        "num_attention_heads": architecture["num_heads"],
        "intermediate_size": architecture["intermediate_size"],
        "vocab_size": 200,
        "max_position_embeddings": architecture["max_length"] + 2,
    }
    shape = shape_of_config(config)
    linear = 2.0 * shape.matrices * ids.numel()
    attention = forward_flops(shape, ids.numel(), length) - linear
    assert attention == 4 * shape.layers * shape.width * length * ids.numel()
    # torch's counter covers matrix products, and attention only in named kernels
    assert counter.get_total_flops() in (linear, linear + attention)
    assert masked_flops(shape, 100, 0.15) == 15 * 2 * shape.width * (shape.width + 200)
