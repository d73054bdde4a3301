"""The same workloads through Hugging Face's Trainer, as its example scripts call it.

``trainer-default``: the defaults of the named script: fp32, random order, padding to the maximum
length (run_xnli, run_qa) or to the longest sequence of a batch (run_ner, run_swag, run_mlm).
``trainer-best``: batches grouped by length, padding to the longest, fused AdamW, and bf16 where
the benchmark uses it. It trains on the batches of ``ours``, which are grouped as by
``group_by_length`` but in random order, so that a few steps are representative and equal in both.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from clock import MOST_ROUNDS, Clock, Seconds
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from torch.utils.data import DataLoader
from transformers import (
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    DataCollatorForLanguageModeling,
    DataCollatorForMultipleChoice,
    DataCollatorForTokenClassification,
    DataCollatorWithPadding,
    PreTrainedTokenizerFast,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    XLMRobertaConfig,
    XLMRobertaForMaskedLM,
    XLMRobertaForMultipleChoice,
    XLMRobertaForQuestionAnswering,
    XLMRobertaForSequenceClassification,
    XLMRobertaForTokenClassification,
)
from workloads import (
    LANGUAGES,
    PAD,
    SEED,
    SET_STEPS,
    WORKLOADS,
    Part,
    classification,
    sequences,
)

from xstilts.config.recipe import Recipe
from xstilts.prediction.run import CPU_TOKENS
from xstilts.tokens.batches import micro_batches
from xstilts.tokens.store import TokenTable
from xstilts.training.sampler import TaskSampler, TrainingSet

if TYPE_CHECKING:
    from setup import Setup

MODELS = {
    "classification": XLMRobertaForSequenceClassification,
    "span": XLMRobertaForQuestionAnswering,
    "tagging": XLMRobertaForTokenClassification,
    "multiple_choice": XLMRobertaForMultipleChoice,
    "mlm": XLMRobertaForMaskedLM,
}
AUTO = {
    "classification": AutoModelForSequenceClassification,
    "span": AutoModelForQuestionAnswering,
    "tagging": AutoModelForTokenClassification,
}
NAMES = {"label": "label", "labels": "labels", "start": "start_positions", "end": "end_positions"}
"""Columns of a token file to arguments of transformers' models."""


def train(setup: Setup, folder: Path, turn: Callable[[int], None]) -> None:
    """Train on one task of the workload in rounds.

    Args:
        setup: the workload, and which of its tasks.
        folder: for files.
        turn: called before each round with the number of real tokens of the previous one.
    """
    workload = WORKLOADS[setup.workload]
    part = workload.sets(setup.distinct_tokens)[setup.part]
    # its share of the steps of all tasks
    steps = setup.steps * part.num_examples // (workload.batch_size * SET_STEPS)
    best = setup.way == "trainer-best"
    pad_to = None if best or part.kind == "mlm" else workload.pad_to
    arguments = TrainingArguments(
        output_dir=str(folder / "trainer"),
        per_device_train_batch_size=workload.batch_size,
        max_steps=steps * MOST_ROUNDS,
        bf16=setup.precision == "bf16",
        use_cpu=setup.device == "cpu",
        optim="adamw_torch_fused",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        logging_strategy="no",
        dataloader_pin_memory=setup.device != "cpu",
        dataloader_num_workers=setup.loaders,
    )
    model, rounds = new_model(setup, part), Rounds(turn, steps)
    model.register_forward_pre_hook(rounds.count, with_kwargs=True)
    trainer = Trainer(
        model=model,
        args=arguments,
        train_dataset=features_of(part),
        data_collator=collator_of(part, pad_to, setup.vocab),
        callbacks=[rounds],
    )
    if best:
        order = examples_by_length(part, folder, setup.vocab, workload.batch_size)
        trainer._get_train_sampler = lambda *_: order
    trainer.train()


def examples_by_length(part: Part, folder: Path, vocab: int, batch_size: int) -> list[int]:
    """Examples of an epoch in the order in which xstilts draws them."""
    file = part.write(folder / "part.arrow", vocab)
    sampler = TaskSampler(
        task=part.kind,
        members=[TrainingSet(task=part.kind, language="en", tokens=file)],
        tables=[TokenTable.open(file)],
        batch_size=batch_size,
        seed=SEED,
        max_examples=0,
        sorted_batches=Recipe().sorted_batches,
        whole_examples=part.per_example > 1,
    )
    batches = [sampler.batch(draw) for draw in range(len(sampler) // batch_size)]
    return [int(sampler.row[unit]) // part.per_example for batch in batches for unit in batch]


class Rounds(TrainerCallback):
    """Waits for its turn before each round of ``steps`` steps."""

    def __init__(self, turn: Callable[[int], None], steps: int) -> None:
        self._turn, self._steps = turn, steps
        self._num_tokens: Any = 0

    def count(self, _model: Any, _args: Any, inputs: dict[str, Any]) -> None:
        """Count the real tokens of a batch; Trainer draws batches before their step."""
        # on the device, which is not waited for until the round ends
        self._num_tokens += inputs["attention_mask"].sum()

    def on_step_begin(self, _args: Any, state: Any, _control: Any, **_kwargs: Any) -> None:
        """End a round if its steps are done."""
        if state.global_step % self._steps == 0:
            self._turn(int(self._num_tokens))
            self._num_tokens = 0


def new_model(setup: Setup, part: Part) -> Any:
    """A transformers model of the kind: from a checkpoint, or random in the benchmark's shape."""
    if setup.model:
        labels = max(1, len(part.labels)) if part.kind != "span" else 2
        return AUTO[part.kind].from_pretrained(setup.model, num_labels=labels)
    config = XLMRobertaConfig(
        vocab_size=setup.vocab,
        hidden_size=setup.width,
        num_hidden_layers=setup.layers,
        num_attention_heads=setup.heads,
        intermediate_size=4 * setup.width,
        max_position_embeddings=514,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        num_labels=max(1, len(part.labels)) if part.kind != "span" else 2,
    )
    return MODELS[part.kind](config)


def features_of(part: Part) -> list[dict[str, Any]]:
    """The examples as the scripts' datasets yield them."""
    targets = {NAMES[name]: values for name, values in part.columns.items() if name in NAMES}
    ids, features = part.columns["input_ids"], []
    for first in range(0, len(ids), part.per_example):
        rows: Any = ids[first : first + part.per_example] if part.per_example > 1 else ids[first]
        masks: Any = [1] * len(rows)
        if part.per_example > 1:
            masks = [[1] * len(row) for row in rows]
        feature = {"input_ids": rows, "attention_mask": masks}
        for name, values in targets.items():
            feature[name] = values[first] if isinstance(values, list) else int(values[first])
        features.append(feature)
    return features


def collator_of(part: Part, pad_to: int | None, vocab_size: int) -> Any:
    """The script's collator; pads to ``pad_to`` tokens or, if None, to the longest of a batch."""
    vocabulary = {f"token-{i}": i for i in range(vocab_size)}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(WordLevel(vocabulary, unk_token="token-3")),
        pad_token=f"token-{PAD}",
        mask_token="token-4",
        unk_token="token-3",
    )
    # collators warn that encoding with padding would be quicker; here nothing is encoded
    tokenizer.deprecation_warnings["Asking-to-pad-a-fast-tokenizer"] = True
    if part.kind == "mlm":
        return DataCollatorForLanguageModeling(tokenizer, mlm_probability=0.15)
    if part.kind == "multiple_choice":
        return DataCollatorForMultipleChoice(tokenizer)
    if part.kind == "tagging":
        return DataCollatorForTokenClassification(tokenizer)
    padding: Any = "max_length" if pad_to else True
    return DataCollatorWithPadding(tokenizer, padding=padding, max_length=pad_to)


def predict_rounds(setup: Setup, folder: Path, turn: Callable[[int], None]) -> None:
    """Predict in rounds with a model in memory: all logits, without answers from them.

    As Trainer does it best: the micro-batches of ``ours``, sorted by length, and weights in the
    precision of the benchmark.

    Args:
        setup: the workload.
        folder: for files.
        turn: called before each round with the number of real tokens of the previous one.
    """
    part = sequences(setup)
    order = np.argsort(-part.lengths, kind="stable")
    most = min(setup.max_tokens, CPU_TOKENS) if setup.device == "cpu" else setup.max_tokens
    batches = [order[one].tolist() for one in micro_batches(part.lengths[order].tolist(), most)]
    arguments = TrainingArguments(
        output_dir=str(folder / "trainer"),
        bf16_full_eval=setup.precision == "bf16",
        use_cpu=setup.device == "cpu",
        report_to="none",
        disable_tqdm=True,
    )
    collator = collator_of(part, None, setup.vocab)
    trainer = Trainer(model=new_model(setup, part), args=arguments, data_collator=collator)
    features: Any = features_of(part)
    loader: DataLoader[Any] = DataLoader(
        features,
        batch_sampler=batches,
        collate_fn=collator,
        num_workers=setup.loaders,
        persistent_workers=setup.loaders > 0,
        pin_memory=setup.device != "cpu",
    )
    trainer.get_test_dataloader = lambda _: loader
    num_tokens = 0
    while True:
        turn(num_tokens)
        trainer.predict(features)
        num_tokens = int(part.lengths.sum())


def predict_seconds(setup: Setup, folder: Path, language: str) -> Seconds:
    """Load the model and predict one language.

    As run_xnli --do_predict: padding to 128 tokens, batches of 8 examples, fp32.
    """
    part = classification(setup.examples, setup.vocab, seed=LANGUAGES.index(language))
    model_dir = folder / "peer"
    if not model_dir.is_dir():
        new_model(setup, part).save_pretrained(model_dir)
    features = features_of(part)
    clock = Clock()
    model = XLMRobertaForSequenceClassification.from_pretrained(model_dir)
    arguments = TrainingArguments(
        output_dir=str(folder / "trainer"),
        use_cpu=setup.device == "cpu",
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=setup.device != "cpu",
    )
    trainer = Trainer(
        model=model, args=arguments, data_collator=collator_of(part, 128, setup.vocab)
    )
    trainer.predict(features)
    return clock.seconds()
