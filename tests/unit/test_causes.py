"""A job that ends in an error of a library names the damaged product that is its cause."""

from __future__ import annotations

import ast
import errno
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xstilts.errors import UserError
from xstilts.manifest import full_identity, write_manifest
from xstilts.runner.causes import damage_in, explained
from xstilts.runner.frame import run_here
from xstilts.runner.messages import JobInfo
from xstilts.schema_metadata import store_checksum

ROOT = Path("results/tiny")
SCRIPTS = Path(__file__).parents[2] / "workflow_scripts"


@pytest.fixture
def products(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A model, a table of scores and the predictions of a cell, as jobs write them."""
    monkeypatch.chdir(tmp_path)
    root = Path("results/tiny")
    model = root / "target/mini/seed-1/none/xnli/manifest.json"
    model.parent.mkdir(parents=True)
    history = model.with_name("history.parquet")
    pq.write_table(pa.table({"loss": [1.0]}), history)
    write_manifest(model, full_identity({}, {}), files={history.name: history}, facts={})
    scores = root / "scores/mini/seed-1/none/xnli.parquet"
    scores.parent.mkdir(parents=True)
    pq.write_table(pa.table({"value": [0.5]}), scores)
    store_checksum(scores)
    cell = root / "predictions/mini/seed-1/none/xnli/manifest.json"
    cell.parent.mkdir(parents=True)
    cell.write_text('{"qaa": "id"}')
    pq.write_table(pa.table({"label": ["yes"]}), cell.with_name("qaa.parquet"))
    store_checksum(cell.with_name("qaa.parquet"))
    return [model, scores, cell]


def fails(*_: object) -> None:
    raise pa.ArrowInvalid("Couldn't deserialize thrift: TProtocolException")


def damaged(product: Path) -> Path:
    """Damage a product; returns the file that its message names."""
    if product.suffix == ".json":
        [file] = product.parent.glob("*.parquet")
    else:
        file = product
    content = bytearray(file.read_bytes())
    content[8] ^= 1
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("form", ["arguments", "reads"])
def test_the_message_names_the_damaged_product(
    products: list[Path], capsys: pytest.CaptureFixture[str], form: str, number: int
) -> None:
    info = JobInfo("tables/report", "job.log", "results/tiny")
    # a lambda names no files: its script does
    call, reads = (
        (partial(fails, products), ()) if form == "arguments" else (lambda: fails(), products)
    )
    file = damaged(products[number])
    with pytest.raises(SystemExit, match="1"):
        run_here(call, info, reads)
    printed = capsys.readouterr().err
    assert f"Error in tables/report:\n{file}: " in printed
    assert "run again to make it again" in printed
    assert "Thrift" not in printed
    assert "ArrowInvalid" in Path("job.log").read_text()


def test_an_error_with_whole_products_stays_one(products: list[Path]) -> None:
    call = partial(fails, {"x": tuple(products)}, Path("results/tiny/missing.json"), "text", 1)
    assert not damage_in(call)
    with pytest.raises(pa.ArrowInvalid), explained(call, "x", ROOT):
        call()
    products[1].unlink()
    products[1].mkdir()
    with pytest.raises(UserError, match=r"xnli\.parquet: no such file"), explained(call, "x", ROOT):
        call()


@pytest.mark.parametrize(
    "script",
    [p for p in SCRIPTS.glob("*.py") if "frame import run" in p.read_text()],
    ids=lambda path: path.stem,
)
def test_every_script_names_the_files_of_its_job(script: Path) -> None:
    tree = ast.parse(script.read_text())
    [call] = [
        node for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "run"
    ]  # fmt: skip
    named = any(keyword.arg == "reads" for keyword in call.keywords)
    assert named == isinstance(call.args[0], ast.Lambda)


def test_a_job_names_the_file_that_it_may_not_read(tmp_path: Path) -> None:
    def job() -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path / "secret"))

    with (
        pytest.raises(UserError, match=r"secret: Permission denied\. Check"),
        explained(job, "x", ROOT),
    ):
        job()
    with pytest.raises(UserError, match="x: the memory"), explained(job, "x", ROOT):
        raise MemoryError
    with pytest.raises(KeyError), explained(job, "x", ROOT):
        raise KeyError("a fault of the program stays one")


def test_what_prevents_writing_results_is_left_to_the_whole_run() -> None:
    full = OSError(errno.ENOSPC, "No space left on device", str(ROOT / "target/model.safetensors"))
    with pytest.raises(OSError, match="No space left"), explained(None, "x", ROOT):
        raise full
