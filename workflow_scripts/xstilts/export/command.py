"""``xstilts export``: a finished stage as a Hugging Face folder with a model card."""

from __future__ import annotations

import shlex
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.config.load import naming_options
from xstilts.errors import UserError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from xstilts.export.stage import Stage
    from xstilts.export.usage import Parent, Written
    from xstilts.grid import Grid

ABOUT = "Write a finished stage as a Hugging Face folder with a model card."


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    command.add_argument(
        "model", metavar="MODEL", help="folder of an intermediate or target model below results/"
    )
    command.add_argument("folder", metavar="FOLDER", help="folder to write; new or empty")
    command.add_argument(
        "--head",
        metavar="NAME",
        help="head of a model that has several, or `none` for the encoder alone",
    )
    command.add_argument(
        "--merge", action="store_true", help="of adapters: write all weights instead"
    )
    command.add_argument(
        "--parent",
        metavar="REPOSITORY",
        help="of adapters: repository or folder of the model that they belong to",
    )
    command.add_argument(
        "--license", metavar="NAME", help="licence for the card, as the hub names it"
    )
    command.add_argument(
        "--push", metavar="OWNER/NAME", help="also upload to this repository of the hub"
    )
    command.add_argument(
        "--private", action="store_true", help="a repository that --push makes is private"
    )


def export_lines(arguments: argparse.Namespace, grid: Grid) -> Iterator[str]:
    """Yield the lines that the command prints, and write the folder.

    Raises:
        UserError: no finished stage at the path, a folder with other files, a damaged product, or a
            model whose outputs transformers does not reproduce.
    """
    from xstilts.export.push import push, require_repository
    from xstilts.export.stage import find_stage

    out = Path(arguments.folder)
    _require_empty(out)
    if arguments.push:
        require_repository(arguments.push)
    stage = find_stage(grid, arguments.model)
    if arguments.parent and (arguments.merge or not stage.is_adapter):
        raise UserError(
            "--parent is for models that are stored as adapters"
            f"{' and not merged: leave out one of --merge and --parent' * arguments.merge}."
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    # written next to it, so that the folder is complete or not there
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as temporary:
        folder = Path(temporary) / "model"
        folder.mkdir()
        written = _write(stage, arguments, folder)
        if out.is_dir():
            out.rmdir()
        folder.rename(out)
    yield f"{out}: {_summary(written)}"
    if arguments.push:
        message = f"{stage.name}, identity {stage.manifest.id}"
        address = push(out, arguments.push, private=arguments.private, message=message)
        yield f"{address}: uploaded."


def _require_empty(out: Path) -> None:
    """Raise a UserError if a folder has files, or is none."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(
            f"{out}: {'not empty' if out.is_dir() else 'a file'}. Name a folder that does not "
            "exist yet, or remove it."
        )


def _write(stage: Stage, arguments: argparse.Namespace, out: Path) -> Written:
    """Write model, tokenizer and card into an empty folder."""
    from xstilts.export.card import Choices, write_card
    from xstilts.export.outputs import sample, takes_types
    from xstilts.export.scores import scores_of_stage
    from xstilts.export.stage import choose_head
    from xstilts.export.tokenizer import write_tokenizer
    from xstilts.export.trained import load_trained
    from xstilts.export.write import write_adapter, write_model
    from xstilts.manifest import require_whole
    from xstilts.models.encoder import max_positions
    from xstilts.tokens.tokenizer import load_tokenizer

    head = choose_head(stage, arguments.head)
    require_whole(stage.tokenizer / "manifest.json")
    tokenizer = load_tokenizer(stage.tokenizer)
    trained = load_trained(stage.folder, head)
    inputs = sample(trained.encoder, tokenizer)
    if stage.is_adapter and not arguments.merge:
        onto = _parent(stage, arguments.parent)
        written = write_adapter(trained, inputs, stage.folder, onto, out)
    else:
        written = write_model(trained, inputs, out)
    if trained.kind and not written.converted.kind:
        for name in ("heads.safetensors", "heads.json"):
            shutil.copyfile(stage.folder / name, out / name)
    types = takes_types(trained.encoder, tokenizer)
    longest = max_positions(trained.encoder)
    write_tokenizer(tokenizer, stage.tokenizer, out, max_length=longest, types=types)
    scores, remarks = scores_of_stage(stage)
    choices = Choices(
        licence=arguments.license, make=_make_command(stage, arguments), export=_command(arguments)
    )
    write_card(stage, written, scores, remarks, choices, out)
    return written


def _parent(stage: Stage, named: str | None) -> Parent:
    """Return the model that adapters belong to: as named, or a base of the hub."""
    from xstilts.export.usage import Parent
    from xstilts.models.adapter_files import parent_of

    folder, _ = parent_of(stage.folder)
    if named:
        return Parent(folder=folder, name=named)
    base = stage.grid.study.bases[stage.base]
    if base.hub and folder == Path(stage.grid.paths.base(stage.base)).parent:
        return Parent(folder=folder, name=base.hub, revision=base.revision)
    raise UserError(
        f"{stage.folder}: these are adapters of the model in {folder}, which only this study has. "
        f"Export that one first (xstilts export {folder} FOLDER) and name its folder or repository "
        "with --parent, or write all weights with --merge."
    )


def _summary(written: Written) -> str:
    from xstilts.export.usage import class_name

    what = f"adapters of {written.parent.name} for peft and" if written.parent else "a model for"
    lacking = written.wanted_kind and not written.converted.kind
    note = f", without the head {written.head!r}, for which there is no class" if lacking else ""
    return (
        f"{what} {class_name(written.converted)}{note}; outputs as trained (largest difference "
        f"{written.difference:.1g})."
    )


def _make_command(stage: Stage, arguments: argparse.Namespace) -> str:
    # the path first: --configfile takes all words that follow it
    words = [
        "snakemake",
        "--cores",
        "all",
        stage.path.as_posix(),
        *naming_options(arguments.configfile, arguments.config),
    ]
    return shlex.join(words)


def _command(arguments: argparse.Namespace) -> str:
    words = ["xstilts", "export", arguments.model, arguments.folder]
    for name in ("head", "parent", "license"):
        if value := getattr(arguments, name):
            words += [f"--{name}", value]
    return shlex.join(
        [
            *words,
            *(["--merge"] if arguments.merge else []),
            *naming_options(arguments.configfile, arguments.config),
        ]
    )
