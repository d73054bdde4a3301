"""Devices are chosen and asked about in one module, for every type that torch has."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path

import pytest
import torch

from xstilts import device, gpus
from xstilts.errors import UserError
from xstilts.gpus import Gpus, count_devices, leased
from xstilts.models.precision import autocast
from xstilts.training.runtime import peak_memory

LIBRARY = Path(__file__).parents[2] / "workflow_scripts/xstilts"
# kinds of devices, their modules in torch, and the backends of their collectives
NAMES = re.compile(
    r"torch\.(cuda|mps|xpu|accelerator)\b|[\"'](cuda|mps|xpu)(?![-\w])|nccl|xccl|pynvml"
)


def test_no_other_module_names_a_type_of_device() -> None:
    found = {
        str(file.relative_to(LIBRARY)): NAMES.findall(text)
        for file in sorted(LIBRARY.rglob("*.py"))
        if NAMES.search(text := file.read_text(encoding="utf-8"))
    }
    assert set(found) == {"device.py"}


def test_without_an_accelerator_all_is_the_cpu() -> None:
    if torch.accelerator.is_available():
        pytest.skip("this machine has an accelerator")
    cpu = torch.device("cpu")
    assert device.device_of() == device.device_of("auto") == cpu
    assert device.device_name(cpu) == "cpu"
    assert device.process_device(1) == cpu
    assert device.count_devices() == 0
    assert device.peak_memory(cpu) is None
    assert not device.is_initialised()
    device.synchronise(cpu)
    values = torch.arange(3)
    assert torch.equal(device.to_device(values, cpu), values)


def test_a_type_of_device_without_functions_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    """torch's meta device has neither a name nor a count of memory, like some accelerators."""
    meta = device.device_of("meta")
    assert device.device_name(meta) == "meta"
    assert peak_memory(meta) == pytest.approx(peak_memory(torch.device("cpu")), rel=0.1)
    assert not caplog.records
    with autocast(meta, "fp32"):
        assert (torch.empty(2, device=meta) + 1).dtype == torch.float32
    with pytest.raises(UserError, match=r"bf16 is not available on the device meta.*Use fp32"):
        autocast(meta, "bf16")


@pytest.mark.parametrize("kind", ["cuda", "mps", "xpu"])
def test_every_accelerator_of_torch_has_what_is_used(kind: str) -> None:
    found = torch.device(kind)
    assert torch.amp.is_autocast_available(kind)
    assert torch.distributed.get_default_backend_for_device(found)
    assert device._module(found) is not None


def test_an_untested_device_is_named_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "device_name", lambda _: "Card X")
    device._log_untested.cache_clear()
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            device.device_of("mps")
            device.device_of("cpu")
    assert [record.getMessage() for record in caplog.records] == [gpus.UNTESTED.format("Card X")]
    device._log_untested.cache_clear()


def amd_nodes(folder: Path, numbers: list[str]) -> Path:
    """A tree as AMD's driver shows it: processors have the number 0."""
    for node, number in enumerate(numbers):
        (folder / str(node)).mkdir(parents=True)
        (folder / str(node) / "gpu_id").write_text(f"{number}\n")
    return folder


def test_devices_of_amd_are_counted_and_leased(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in gpus.CHOSEN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(gpus, "DRIVER", tmp_path / "none")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(gpus, "AMD", amd_nodes(tmp_path / "nodes", ["0", "0", "51110", "16124"]))
    assert count_devices() == 2
    assert gpus.present() == "AMD GPU"
    with leased(Gpus(count=1), folder=tmp_path / "locks") as chosen:
        assert chosen == (0,)
        assert os.environ["HIP_VISIBLE_DEVICES"] == "0"
        assert "CUDA_VISIBLE_DEVICES" not in os.environ
    with leased(Gpus(count=0), folder=tmp_path / "locks"):
        assert os.environ["HIP_VISIBLE_DEVICES"] == "-1"
    assert "HIP_VISIBLE_DEVICES" not in os.environ


@pytest.mark.parametrize("name", gpus.CHOSEN)
def test_devices_that_are_assigned_are_left_alone(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for other in gpus.CHOSEN:
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, "1")
    with leased(Gpus(count=1), devices=lambda: 2, folder=tmp_path / "locks") as chosen:
        assert chosen == ()
    assert not (tmp_path / "locks").exists()
