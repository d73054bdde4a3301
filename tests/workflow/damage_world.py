"""A finished study whose products are damaged one at a time, and the jobs that read them."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import yaml

from xstilts.comparisons.measured import measured_tasks
from xstilts.errors import UserError
from xstilts.explain import explain
from xstilts.grid import Grid, identities
from xstilts.jobs.predict import predict_languages
from xstilts.jobs.report import study_source
from xstilts.jobs.score import score_cell
from xstilts.jobs.tables import build_tables
from xstilts.jobs.tokens import prepare_tokens
from xstilts.jobs.train import train_stage
from xstilts.jobs.train_process import RuntimeSettings
from xstilts.manifest import read_manifest
from xstilts.report.frames import read_frames
from xstilts.report.maps import data_maps
from xstilts.report.training import curves, selections
from xstilts.verify import verify

KINDS = ("data", "tokens", "bases", "intermediate", "target")
KINDS += ("predictions", "scores", "trivial_baselines", "tables")
DAMAGES = ("flip", "truncate", "zero", "swap", "empty", "folder", "link", "pipe")
_PATIENCE = 60
"""Seconds after which a job that waits is ended."""
_OTHER = {".manifest.json", "checked.json", "overlap.csv"}

Reader = Callable[[], object]
"""Runs a job that reads a product; returns the result, which must not depend on damage."""


@dataclass
class DamageWorld:
    """The finished study in the working directory; its files are restored after each damage."""

    scratch: Path
    """Folder for what the jobs write."""

    def __post_init__(self) -> None:
        config = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))
        self.grid = Grid.load(config, [Path("config.yaml")])
        self.root = Path(self.grid.paths.root)
        self.files = [
            path
            for kind in KINDS
            for path in sorted((self.root / kind).rglob("*"))
            if path.suffix in {".json", ".parquet", ".arrow", ".safetensors"}
            and path.name not in _OTHER
            # language to id: read by nobody
            and not (kind == "predictions" and path.suffix == ".json")
        ]
        self._expected: dict[str, object] = {}

    def outcome(self, file: Path, damage: str, draw: random.Random) -> str:
        """Damage a file, run the job that reads it, and restore the file.

        Returns:
            ``named`` for an error that names a damaged file, ``equal`` for an equal result, else
            a description of what went wrong.
        """
        name, reader = self._reader(file)
        if name not in self._expected:
            self._expected[name] = reader()
        damaged = [file]
        if damage == "swap":
            others = [f for f in self.files if f.suffix == file.suffix and f != file]
            damaged.append(draw.choice(others))
        saved = {path: path.read_bytes() for path in damaged}
        try:
            # a job that waits, as for a named pipe, ends the tests with its traceback
            faulthandler.dump_traceback_later(_PATIENCE, exit=True)
            _apply(damage, saved, draw)
            self._look(file)
            found = reader()
        except UserError as error:
            named = any(str(path) in str(error) for path in damaged)
            return "named" if named else f"{file} ({damage}): not named: {error}"
        except Exception as error:
            return f"{file} ({damage}): {type(error).__name__}: {error}"
        finally:
            faulthandler.cancel_dump_traceback_later()
            for path, content in saved.items():
                _remove(path)
                path.write_bytes(content)
        equal = found == self._expected[name]
        return "equal" if equal else f"{file} ({damage}): another result without a word"

    def _look(self, file: Path) -> None:
        """Read a product as the commands do; their errors are messages too."""
        for command in (
            lambda: list(explain(self.grid, file.as_posix())),
            lambda: verify(self.root, [file.as_posix()]),
        ):
            with contextlib.suppress(UserError):
                command()

    def _reader(self, file: Path) -> tuple[str, Reader]:
        """Return name and function of a job that reads a file."""
        kind, *parts = file.relative_to(self.root).parts
        if kind == "data":
            return f"tokens of {parts}", lambda: self._tokens(parts[0], parts[1], file.stem)
        if kind == "bases" and parts[1] == "tokenizer":
            return "tokens", lambda: self._tokens("xnli", "qab", "test")
        if kind == "tokens" and file.stem != "test":
            if parts[1] in ("mlm", "tlm"):
                return "pretraining", lambda: self._train("none", None)
            return "training", lambda: self._train("mnli", None)
        if kind == "tokens":
            return f"predictions of {parts[1]}", lambda: self._predict("none", parts[1])
        if file.name in ("history.parquet", "selection.parquet", "data_map.parquet"):
            return "curves", self._curves
        if kind in ("bases", "intermediate"):
            chain = "none" if kind == "bases" else parts[2]
            return f"embeddings after {chain}", lambda: self._predict(chain, "tatoeba")
        if kind == "target":
            return f"predictions after {parts[2]}", lambda: self._predict(parts[2], parts[3])
        if kind == "predictions":
            return f"scores of {parts[:-1]}", lambda: self._score(parts[2], parts[3])
        return ("report", self._frames) if kind == "tables" else ("tables", self._tables)

    def _fresh(self) -> Path:
        shutil.rmtree(self.scratch, ignore_errors=True)
        # its last parts are those of products
        folder = self.scratch / "results/tiny/predictions"
        folder.mkdir(parents=True)
        return folder

    def _tokens(self, task: str, language: str, split: str) -> object:
        out = self._fresh() / "tokens.arrow"
        prepare_tokens(
            identities.tokens(self.grid, task),
            data=Path(self.grid.paths.data(task, language, split)),
            tokenizer=Path(self.grid.paths.tokenizer("mini")),
            tokens=out,
            manifest=out.with_suffix(".json"),
        )
        return out.read_bytes()

    def _train(self, chain: str, target: str | None) -> object:
        from xstilts.grid import inputs

        found = inputs.training(self.grid, "mini", 1, chain, target)
        manifest = self._fresh() / "model/manifest.json"
        manifest.parent.mkdir()
        train_stage(
            identities.model(self.grid, "mini", 1, chain, target),
            parent=Path(str(found["parent"])),
            tokens=[Path(file) for file in found["tokens"]],
            dev=[
                (Path(tokens), Path(data))
                for tokens, data in zip(found["dev_tokens"], found["dev_data"], strict=True)
            ],
            manifest=manifest,
            state_root=self.scratch / "state",
            settings=RuntimeSettings(max_tokens=16384, num_threads=1),
        )
        return read_manifest(manifest).content

    def _predict(self, chain: str, target: str) -> object:
        node, folder = self.grid.targets[target], self._fresh()
        paths = self.grid.paths
        out = [folder / f"{language}.parquet" for language in node.languages]
        predict_languages(
            identities.predictions(self.grid, target),
            model=Path(self.grid.model_of("mini", 1, chain, target)),
            data=[Path(paths.data(node.task.name, code, node.split)) for code in node.languages],
            tokens=[
                Path(paths.tokens("mini", node.task.name, code, node.split))
                for code in node.languages
            ],
            out=out,
            manifest=folder / "manifest.json",
            max_tokens=32768,
            num_threads=1,
        )
        return [pq.read_table(path).to_pylist() for path in out]

    def _score(self, chain: str, target: str) -> object:
        node, stages = self.grid.targets[target], self.grid.stages_of(chain)
        out = self._fresh() / "scores.parquet"
        score_cell(
            identities.scores(self.grid, target),
            study="tiny",
            cell={"base": "mini", "seed": "1", "chain": chain, "target": target},
            split=node.split,
            predictions=[
                Path(self.grid.prediction("mini", 1, stages, target, language))
                for language in node.languages
            ],
            out=out,
        )
        return pq.read_table(out).to_pylist()

    def _tables(self) -> object:
        folder = self._fresh()
        build_tables(self.grid, folder)
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    def _frames(self) -> object:
        frames = read_frames(study_source(self.grid))
        names = ("transfer", "languages", "layers", "results", "trivial_baselines")
        parts = [getattr(frames, name).to_csv() for name in names]
        return [*parts, frames.sources.to_csv(), frames.scale.to_csv(), str(frames.summaries)]

    def _curves(self) -> object:
        source = study_source(self.grid)
        frames = [part(source).to_csv() for part in (curves, selections, data_maps)]
        return [*frames, measured_tasks(self.grid)]


def _remove(path: Path) -> None:
    """Remove a file, folder, link or pipe."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _replace(damage: str, path: Path) -> None:
    """Put something else at the path of a file."""
    _remove(path)
    if damage == "folder":
        path.mkdir()
    elif damage == "link":
        path.symlink_to(path.with_name("nothing"))
    else:
        os.mkfifo(path)


def _apply(damage: str, saved: dict[Path, bytes], draw: random.Random) -> None:
    """Damage the first file; swap it with the second one."""
    paths = list(saved)
    content = bytearray(saved[paths[0]])
    if damage == "swap":
        paths[0].write_bytes(saved[paths[1]])
        paths[1].write_bytes(saved[paths[0]])
        return
    if damage in ("folder", "link", "pipe"):
        _replace(damage, paths[0])
        return
    position = draw.randrange(len(content))
    if damage == "empty":
        content.clear()
    elif damage == "truncate":
        del content[position:]
    elif damage == "zero":
        end = min(len(content), position + draw.choice((1, 64, 4096)))
        content[position:end] = bytes(end - position)
    else:
        content[position] ^= 1 << draw.randrange(8)
    paths[0].write_bytes(content)
