"""The training loop of a stage: from the parent's model and a mixture to a trained model."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from xstilts.device import device_name, device_of
from xstilts.errors import Interrupted
from xstilts.malloc import gc_frozen, keep_freed_memory
from xstilts.models.encoder import (
    check_fit,
    enable_gradient_checkpointing,
    hidden_states,
    input_embeddings,
)
from xstilts.models.heads import HeadSpec, head_class
from xstilts.models.precision import autocast
from xstilts.tokens.batches import Sequences, collate, model_inputs
from xstilts.tokens.store import TokenTable
from xstilts.training.batches import sampler_of, sequences_of
from xstilts.training.data_map import data_maps, write_data_map
from xstilts.training.history import History, Step
from xstilts.training.mixture import steps_within_task, task_of_steps
from xstilts.training.optimiser import decay_factor, learning_rate, make_optimiser, optimiser_step
from xstilts.training.runtime import Runtime, TrainResult, peak_memory
from xstilts.training.setup import StageModel, build_stage_model
from xstilts.training.signals import stop_request
from xstilts.training.state import load_state, save_state
from xstilts.training.vocabulary import used_token_ids

if TYPE_CHECKING:
    from xstilts.config.recipe import Recipe
    from xstilts.training.process_group import MicroBatch
    from xstilts.training.sampler import TrainingSet
    from xstilts.training.selection import Selection


def train(
    start: Path | Mapping[str, Any],
    members: Sequence[TrainingSet],
    heads: Mapping[str, HeadSpec],
    recipe: Recipe,
    *,
    seed: int,
    out_dir: Path,
    runtime: Runtime,
    selection: Selection | None = None,
    home: Path | None = None,
) -> TrainResult:
    """Train a stage and write its model to ``out_dir``.

    Writes ``config.json``, ``model.safetensors`` (or, for adapters that are not merged, the files
    of ``xstilts.models.adapter_files``), ``heads.safetensors``, ``heads.json``,
    ``history.parquet``, ``data_map.parquet`` for heads with a loss per unit and, with a selection,
    ``selection.parquet``. On a CPU the weights are bit-identical for equal arguments and
    ``num_threads``, interrupted or not.

    Args:
        start: the parent's folder, or the architecture of a new encoder
            (``xstilts.models.encoder.build_encoder``).
        members: the training sets; those of one task share its head.
        heads: kind and labels of each task.
        recipe: the hyperparameters; together with the seed, they determine the result.
        seed: seeds all that is random.
        out_dir: folder to write the model to.
        runtime: settings that do not change the result.
        selection: chooses the weights that are kept; None keeps the last.
        home: the final folder of the files; ``out_dir`` by default.

    Raises:
        UserError: model and tokens do not fit, or training diverged.
        Interrupted: a signal asked to stop; the state is saved.
    """
    torch.set_num_threads(runtime.num_threads)
    keep_freed_memory()
    trainer = _Trainer(start, members, heads, recipe, seed, runtime, selection)
    trainer.run()
    trainer.write(out_dir, home or out_dir)
    return trainer.result()


class _Trainer:
    """The state of a stage in training: model, optimiser, samplers and history."""

    def __init__(
        self,
        start: Path | Mapping[str, Any],
        members: Sequence[TrainingSet],
        specs: Mapping[str, HeadSpec],
        recipe: Recipe,
        seed: int,
        runtime: Runtime,
        selection: Selection | None,
    ) -> None:
        self.recipe, self.seed, self.runtime, self.specs = recipe, seed, runtime, specs
        self.group = runtime.group
        self.device = device_of(runtime.device)
        tables = [TokenTable.open(member.tokens) for member in members]
        self.samplers = [
            sampler_of(task, members, tables, head_class(spec.kind), recipe, seed)
            for task, spec in specs.items()
        ]
        self.start = start
        self._make = functools.partial(
            build_stage_model,
            start,
            specs,
            vocab_size=tables[0].metadata["vocab_size"],
            token_ids=used_token_ids([*tables, *(selection.tables if selection else ())]),
            recipe=recipe,
            seed=seed,
        )
        self.model: StageModel = self.group.to_device(self._make, self.device)
        for member, table in zip(members, tables, strict=True):
            vocab_size = table.metadata["vocab_size"]
            check_fit(self.model.encoder, member.tokens, table.longest, vocab_size)
        for head in self.model.heads.values():
            head.label_smoothing = recipe.label_smoothing
        if recipe.padding_free:
            from xstilts.models.packed import use_packing

            use_packing(self.model.encoder)
        if recipe.compile:
            from xstilts.models.compiled import use_compiler

            use_compiler(self.model.encoder, self.device)
        if runtime.gradient_checkpointing:
            enable_gradient_checkpointing(self.model.encoder)
        self.optimiser = make_optimiser(self.model.trainable(), recipe)
        sizes = {sampler.task: len(sampler) for sampler in self.samplers}
        self.tasks = task_of_steps(sizes, recipe, seed)
        self.history = History(len(self.tasks), runtime)
        self.maps = data_maps(self.samplers, self.model.heads, self.device)
        self.selection = selection
        self.resumed_at = 0

    def run(self) -> None:
        """Run the remaining steps, then restore the selected weights."""
        self._resume()
        task_steps = steps_within_task(self.tasks)
        saved = time.monotonic()
        with stop_request() as request, gc_frozen():
            for step in range(self.resumed_at, len(self.tasks)):
                if self.selection and self.selection.exhausted:
                    break
                self.history.add(self._step(step, int(self.tasks[step]), int(task_steps[step])))
                last = step + 1 == len(self.tasks)
                if self.selection:
                    self.selection.evaluate_if_due(step + 1, self.model, last=last)
                reason = request.signal
                if self.runtime.stop_after == step + 1:
                    reason = "stop_after"
                due = time.monotonic() - saved > self.runtime.save_every_s or bool(
                    self.runtime.save_steps and (step + 1) % self.runtime.save_steps == 0
                )
                reason, due = self.group.all_reduce_stop(reason, due)
                if (reason or due) and not last:
                    self._save(step + 1)
                    saved = time.monotonic()
                if reason and not last:
                    raise Interrupted(
                        f"{reason}: stopped after step {step + 1} of {len(self.tasks)}; "
                        "the next run resumes from there."
                    )
        self.history.flush()
        if self.selection:
            self.selection.restore_best(self.model)

    def _step(self, step: int, task: int, task_step: int) -> Step:
        """Take one optimiser step on one task."""
        sampler = self.samplers[task]
        head: Any = self.model.heads[sampler.task]
        batch = sampler.batch(task_step)
        sequences = sequences_of(sampler, head, batch, self.recipe, self.seed, step)
        # dropout is seeded by the step alone, so that resuming needs no generator state
        torch.manual_seed(self.group.dropout_seed(self.seed, step))
        total, terms = self._backward(sampler.task, sequences, step)
        total, terms = self.group.all_reduce_loss(total, terms)
        rate = learning_rate(step, len(self.tasks), self.recipe)
        weight = self.recipe.loss_weights.get(sampler.task, 1.0)
        norm = optimiser_step(
            self.optimiser,
            terms,
            rate,
            self.recipe.max_grad_norm,
            weight,
            self.group.all_reduce_gradients,
        )
        return Step(
            step,
            sampler.task,
            total / max(1, terms),
            rate,
            norm,
            sum(sequences.lengths),
            lambda: list(sampler.names(batch)),
        )

    def _backward(self, task: str, sequences: Sequences, step: int) -> tuple[torch.Tensor, int]:
        """Accumulate gradients over micro-batches; return the sum of losses and their number."""
        head: Any = self.model.heads[task]
        micro_batches = list(self.group.micro_batches(sequences, self.runtime.max_tokens))
        recorded_loss = self.maps[task].recording_loss(head) if task in self.maps else head.loss
        if head.pairs and len(micro_batches) > 1:
            from xstilts.training.cached_gradient import split_loss

            with autocast(self.device, self.recipe.precision):
                recorded_loss = split_loss(
                    head, (self._forward(micro_batch) for micro_batch in micro_batches)
                )
            torch.manual_seed(self.group.dropout_seed(self.seed, step))
        total = torch.zeros((), device=self.device)
        terms = 0
        for micro_batch in micro_batches:
            with autocast(self.device, self.recipe.precision):
                hidden_BTD, tensors = self._forward(micro_batch)
                embeddings_VD = input_embeddings(self.model.encoder)
                # a micro-batch that does not count is not recorded in the data map either
                loss_fn = recorded_loss if micro_batch.counts else head.loss
                loss, count = loss_fn(hidden_BTD, tensors, embeddings_VD)
            if not micro_batch.counts:
                loss, count = loss * 0, 0
            loss.backward()
            total += loss.detach()
            terms += count
        return total, terms

    def _forward(self, micro_batch: MicroBatch) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Return the last hidden states of a micro-batch, and its tensors."""
        tensors = collate(micro_batch.sequences, micro_batch.part, self.device)
        return hidden_states(self.model.encoder, model_inputs(tensors))[-1], tensors

    def _save(self, step: int) -> None:
        self.history.flush()
        maps = {task: one.reduce(self.group) for task, one in self.maps.items()}
        weights = {**self.model.state(), "optimiser": self.optimiser.state_dict()["state"]}
        state = {
            **self.group.gather({**weights, "maps": maps}),
            "history": self.history.columns,
            "selection": self.selection.state() if self.selection else None,
        }
        if not self.group.is_main:
            return
        try:
            save_state(self.runtime.state_dir, self.runtime.identity, step, state)
        except OSError as error:
            # training continues even if the disk is full
            self.runtime.log(f"the training state at step {step} could not be saved: {error}")
        else:
            self.runtime.log(f"saved the training state at step {step}")

    def _resume(self) -> None:
        found = None
        if self.group.is_main:
            found = load_state(self.runtime.state_dir, self.runtime.identity)
        found = self.group.broadcast(found)
        if found is None:
            return
        self.resumed_at, state = found
        self.group.restore(self.model.state(), state)
        self.group.restore(self.optimiser.state_dict()["state"], state["optimiser"])
        if self.group.is_main:
            for task, one in self.maps.items():
                one.sums_3N.copy_(state["maps"][task])
        self.history.resume(state["history"])
        if self.selection:
            self.selection.resume(state["selection"])
        self.runtime.log(f"resuming from step {self.resumed_at}")

    def write(self, folder: Path, home: Path) -> None:
        """Write the model, its history and, if present, its data maps and evaluations.

        Args:
            folder: folder to write to.
            home: the final folder of the files.
        """
        for one in self.maps.values():
            one.reduce(self.group)
        model = self.group.gather_model(self.model, self._make)
        if model is None:
            return
        decay = decay_factor(self._kept_step, len(self.tasks), self.recipe)
        model.write(folder, self.specs, parent=self.start, home=home, decay=decay)
        self.history.write(folder / "history.parquet")
        if self.maps:
            write_data_map(self.maps.values(), folder / "data_map.parquet")
        if self.selection:
            self.selection.write(folder / "selection.parquet")

    @property
    def _kept_step(self) -> int:
        """Number of steps after which the kept weights were taken."""
        chosen = self.selection.best_step if self.selection else None
        return chosen or len(self.history.columns["loss"])

    def result(self) -> TrainResult:
        """Summarise the finished stage."""
        columns, chosen = self.history.columns, self.selection
        losses = columns["loss"]
        return TrainResult(
            steps=len(losses),
            resumed_at=self.resumed_at,
            seconds=columns["seconds"][-1],
            tokens=sum(columns["tokens"]),
            final_loss=float(np.mean(losses[-max(1, len(losses) // 10) :])),
            kept_step=self._kept_step,
            dev_score=chosen.best_score if chosen else None,
            peak_memory=peak_memory(self.device),
            device=device_name(self.device),
            heads=dict(self.model.origins),
        )
