"""Every command that the documentation prints is accepted by its program, and names what exists."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from documented_commands import ROOT, Command, commands, lines_of, split
from xstilts import cli
from xstilts.config.study import Study
from xstilts.grid import Grid
from xstilts.grid.products import find_product

UNCHECKED = {
    "git clone URL xstilts": "the network, and an address that readers choose",
    "cd xstilts": "follows it",
    "tensorboard --logdir results/STUDY/tensorboard": "a server that does not end",
}
"""Commands that are not checked, with the reason."""
RULES = re.findall(r"^rule (\w+):", (ROOT / "rules/collect.smk").read_text(), re.MULTILINE)
FOUND = commands()
CHECKED = [command for command in FOUND if command.text not in UNCHECKED]


def of(program: str) -> list[Command]:
    return [command for command in CHECKED if command.words[0] == program]


def named(command: Command) -> str:
    return f"{command.where}: {command.text}"


def study_file(name: str, folder: Path) -> Path:
    """A study file; that of a reader's own study is the one in the README."""
    if name != "my_study.yaml":
        return ROOT / name
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    file = folder / name
    file.write_text(re.findall(r"^```yaml\n([\s\S]*?)^```", readme, re.MULTILINE)[0])
    return file


def test_every_kind_of_command_is_found():
    assert {command.words[0] for command in CHECKED} == {"snakemake", "xstilts", "make", "python"}
    assert len(of("snakemake")) > 15
    assert len(of("xstilts")) > 15
    assert {command.text for command in FOUND} >= set(UNCHECKED)


def test_blocks_comments_and_prose_are_read():
    page = "A.\n\n    snakemake -n   # c\n    xstilts a \\\n        b && make y\n\nEnd.\n"
    found = [words for line in lines_of(page, ".md") for words in split(line)]
    assert found == [("snakemake", "-n"), ("xstilts", "a", "b"), ("make", "y")]
    assert lines_of("# Submit: snakemake --a b\n#   xstilts plan\nx: 1\n", ".yaml") == [
        "snakemake --a b",
        "xstilts plan",
    ]


@pytest.mark.parametrize("command", of("snakemake"), ids=named)
def test_snakemake_accepts_it_and_its_targets_exist(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from snakemake.cli import parse_args

    monkeypatch.chdir(ROOT)
    with contextlib.redirect_stderr(io.StringIO()) as errors:
        try:
            _, arguments = parse_args(list(command.words[1:]))
        except SystemExit as end:
            assert not end.code, errors.getvalue()
            return  # --help, --version
    files = [study_file(str(file), tmp_path) for file in arguments.configfile or ["config.yaml"]]
    assert [file for file in files if not file.is_file()] == []
    keys = [pair.partition("=")[0] for pair in arguments.config or []]
    assert [key for key in keys if key not in Study.model_fields] == []
    paths = [target for target in arguments.targets if target not in {*RULES, "all"}]
    assert [path for path in paths if not path.startswith("results/")] == []
    if paths:
        grid = Grid.load(None, files, files_must_exist=False)
        assert [find_product(grid, path).identity_file.as_posix() for path in paths] == paths


@pytest.mark.parametrize("command", of("xstilts"), ids=named)
def test_xstilts_accepts_it(command: Command, tmp_path: Path):
    if not command.in_block:
        with contextlib.redirect_stdout(io.StringIO()) as known, pytest.raises(SystemExit) as end:
            cli._parser().parse_args([command.words[1], "--help"])
        assert end.value.code == 0
        options = [word for word in command.words if word.startswith("--")]
        assert [option for option in options if option not in known.getvalue()] == []
        return
    with contextlib.redirect_stderr(io.StringIO()) as errors:
        try:
            arguments = cli._parser().parse_args(command.words[1:])
        except SystemExit:
            pytest.fail(errors.getvalue())
    for name in getattr(arguments, "configfile", []):
        assert study_file(name, tmp_path).is_file()


@pytest.mark.parametrize("command", of("make"), ids=named)
def test_make_has_the_target(command: Command):
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [w for w in command.words[1:] if "=" not in w and w not in targets] == []


@pytest.mark.parametrize("command", of("python"), ids=named)
def test_the_script_exists_and_knows_the_options(command: Command):
    script = ROOT / command.words[1]
    assert script.exists()
    source = "".join(p.read_text() for p in (script.glob("*.py") if script.is_dir() else [script]))
    options = [word.removeprefix("--") for word in command.words if word.startswith("--")]
    known = {name.replace("_", "-") for name in re.findall(r"[\w-]+", source)}
    assert [
        option for option in options if option not in known and f"--{option}" not in known
    ] == []
