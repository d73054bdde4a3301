"""The pinned environments agree with each other and with what the code imports."""

from __future__ import annotations

import ast
import os
import platform
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import environments
from xstilts import requirements

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "workflow_scripts"

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


# ---- pyproject.toml, requirements.lock, envs/ ---------------------------------------------------


def test_every_locked_version_is_in_the_supported_range() -> None:
    lock = requirements.read_lock(ROOT)
    for text in requirements.declared(ROOT, dev=True):
        requirement = Requirement(text)
        version = lock[requirements.normal_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{text}: the lock has {version}"


def test_lock_is_closed() -> None:
    lock = requirements.read_lock(ROOT)
    needed = requirements.closure(requirements.declared(ROOT, dev=True))
    assert sorted(needed.keys() - lock.keys()) == []


@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"),
    reason="the lock is made on Linux x86-64; other systems need a few packages less",
)
def test_lock_has_nothing_unneeded() -> None:
    lock = requirements.read_lock(ROOT)
    needed = requirements.closure(requirements.declared(ROOT, dev=True))
    assert sorted(lock.keys() - needed.keys()) == []


def test_lock_serves_machines_with_and_without_a_gpu() -> None:
    lock = requirements.read_lock(ROOT)
    assert "torch" in lock
    assert [name for name in lock if name.startswith(requirements.GPU_PREFIXES)] == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("torch==2.13.0+cpu", "is not 'name==version'"),
        ("torch>=2.13", "is not 'name==version'"),
        ("Numpy==2.4.6", "numpy occurs twice"),
    ],
)
def test_a_lock_that_was_edited_badly_is_refused(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "requirements.lock").write_text(f"# lock\nnumpy==2.4.6\n{line}\n")
    with pytest.raises(ValueError, match=rf"requirements\.lock:3: .*{re.escape(message)}"):
        requirements.read_lock(tmp_path)


def test_conda_environments_are_what_the_lock_gives() -> None:
    assert environments.outdated(ROOT) == [], "run `make envs`"


def test_a_conda_environment_that_drifted_is_named(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "envs", tmp_path / "envs")
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    score = tmp_path / "envs/score.yaml"
    score.write_text(score.read_text().replace("numpy==", "numpy==1"))
    (tmp_path / "envs/report.yaml").unlink()
    (tmp_path / "envs/extra.yaml").touch()
    assert environments.outdated(tmp_path) == ["extra.yaml", "report.yaml", "score.yaml"]


# ---- what the code imports ----------------------------------------------------------------------


def own_files(name: str) -> list[Path]:
    """The file of one of this project's modules; none for what is not such a module."""
    stem = SCRIPTS / name.replace(".", "/")
    return [path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file()]


def imports_of(path: Path) -> set[str]:
    """Absolute names of the modules that a file imports, at its top or inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            submodules = (f"{node.module}.{alias.name}" for alias in node.names)
            names.update(name for name in submodules if own_files(name))
    return names


def reached_from(script: Path) -> set[Path]:
    """The script and the library files it imports, directly or through others."""
    reached: set[Path] = set()
    queue = [script]
    while queue:
        path = queue.pop()
        if path in reached:
            continue
        reached.add(path)
        for name in imports_of(path):
            files = own_files(name)
            assert files or not name.startswith("xstilts"), f"{path}: no module {name}"
            queue += files
    return reached


def distributions(paths: set[Path]) -> set[str]:
    """Names of the third-party distributions that the files import."""
    own = {path.stem for path in SCRIPTS.iterdir()} | {path.stem for path in paths}
    tops = {name.partition(".")[0] for path in paths for name in imports_of(path)}
    providers = metadata.packages_distributions()
    third_party = tops - own - set(sys.stdlib_module_names)
    assert third_party <= providers.keys(), f"not installed: {third_party - providers.keys()}"
    found = {requirements.normal_name(providers[top][0]) for top in third_party}
    # released together with pydantic, in exactly one version for each of its own
    return found - {"pydantic-core"}


def declared_names(*, dev: bool) -> set[str]:
    return {
        requirements.normal_name(Requirement(text).name)
        for text in requirements.declared(ROOT, dev=dev)
    }


def test_library_imports_only_what_pyproject_declares() -> None:
    library = {path for path in SCRIPTS.rglob("*.py") if path.name != "environments.py"}
    assert sorted(distributions(library) - declared_names(dev=False)) == []


def test_tests_import_only_what_pyproject_declares() -> None:
    tests = set((ROOT / "tests").rglob("*.py"))
    assert sorted(distributions(tests) - declared_names(dev=True)) == []


def jobs() -> list[tuple[str, str, str]]:
    """(rule file, script, conda environment) of every rule that has both."""
    found = []
    for path in sorted((ROOT / "rules").glob("*.smk")):
        text = path.read_text(encoding="utf-8")
        # a rule may stand in a loop: indented, and without a name
        for body in re.split(r"^\s*rule\b", text, flags=re.MULTILINE)[1:]:
            script = re.search(r"""script:\s*["']([^"']+)["']""", body)
            env = re.search(r"""conda:\s*["'][^"']*?(\w+)\.yaml["']""", body)
            if script and env:
                found.append((path.name, Path(script[1]).name, env[1]))
    return found


@pytest.mark.slow
def test_jobs_import_only_what_their_conda_environment_has() -> None:
    found = jobs()
    assert found, "no rule with `script:` and `conda:` was found in rules/"
    # a script names the snakemake object for type checkers; Snakemake itself brings it at run time
    given_by_snakemake = {"snakemake"}
    for rules, script, env in found:
        needed = distributions(reached_from(SCRIPTS / script)) - given_by_snakemake
        lacking = needed - set(environments.ENVIRONMENTS[env].packages)
        assert not lacking, f"{rules}: {script} needs {sorted(lacking)}, envs/{env}.yaml lacks it"


# ---- the Makefile -------------------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the Makefile and a lock, in a path that has a space."""
    folder = tmp_path / "my checkout"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "requirements.lock").write_text("six==1.17.0\n")
    return folder


def make(
    folder: Path, *arguments: str, path: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run make as from a fresh shell: this test may itself run under make."""
    given = {"MFLAGS", "ARGS", "CORES", "PYTHON"}
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("MAKE") and k not in given}
    return subprocess.run(
        [str(shutil.which("make")), *arguments],
        cwd=folder,
        env=inherited | {"PATH": path or os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


def pretend_installed(folder: Path) -> None:
    """What make leaves behind, without the packages: a stand-in for pip that does nothing."""
    bin_ = folder / ".venv/bin"
    bin_.mkdir(parents=True)
    python = bin_ / "python"
    python.write_text('#!/bin/sh\nprintf "%s|" "$PYTHONPATH" "$@"\n')
    python.chmod(0o755)
    lock = (folder / "requirements.lock").read_bytes()
    cksum = subprocess.run(["cksum"], input=lock, capture_output=True, check=True).stdout
    (folder / f".venv/.installed-{cksum.split()[0].decode()}").touch()


@needs_make
def test_second_make_installs_nothing_and_a_changed_lock_installs_again(checkout: Path) -> None:
    assert "pip install" in make(checkout, "-n", "env").stdout
    pretend_installed(checkout)
    assert make(checkout, "env").returncode == 0
    (checkout / "requirements.lock").touch()
    assert "pip install" not in make(checkout, "-n", "env").stdout
    (checkout / "requirements.lock").write_text("six==1.16.0\n")
    assert "pip install" in make(checkout, "-n", "env").stdout


PYTEST = "-m|pytest|-n|2|--dist|loadfile|--no-loadscope-reorder|"


@needs_make
def test_run_and_test_use_the_environment_of_the_checkout(checkout: Path) -> None:
    pretend_installed(checkout)
    run = make(checkout, "-n", "run", "CORES=3", "ARGS=--dry-run").stdout
    assert ".venv/bin/snakemake --cores 3 --dry-run" in run
    assert make(checkout, "test", "ARGS=-x").stdout.endswith(f"{PYTEST}-x|")
    assert make(checkout, "test-full").stdout.endswith(f"{PYTEST}--full|")


@needs_make
def test_launcher_runs_the_checkout_it_lies_in(checkout: Path, tmp_path: Path) -> None:
    pretend_installed(checkout)
    make(checkout, "env")
    moved = checkout.rename(tmp_path / "elsewhere")
    output = subprocess.run(
        [moved / ".venv/bin/xstilts", "explain", "a b"],
        env=os.environ | {"PYTHONPATH": "other"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    code, *arguments, _ = output.split("|")
    first, _, rest = code.partition(":")
    assert Path(first).resolve() == moved / "workflow_scripts"
    assert rest == "other"
    assert arguments == ["-m", "xstilts", "explain", "a b"]


@needs_make
def test_without_a_python_make_says_what_to_install(checkout: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "rm", "cksum"):
        (tools / name).symlink_to(str(shutil.which(name)))
    old = tools / "python3"  # exists, but is too old: its check of the version fails
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    result = make(checkout, "env", path=str(tools))
    assert result.returncode != 0
    assert "no Python 3.11 or newer" in result.stderr
    assert "make env PYTHON=" in result.stderr
    assert not (checkout / ".venv").exists()


def test_python_versions_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["requires-python"] == ">=3.11"
    assert project["tool"]["ruff"]["target-version"] == "py311"
    assert project["tool"]["mypy"]["python_version"] == "3.11"
    assert "(3, 11)" in (ROOT / "Makefile").read_text(encoding="utf-8")
