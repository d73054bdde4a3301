"""The throughput of a device: recovered from synthetic jobs, with a realistic error."""

from __future__ import annotations

import random

import pytest

from xstilts.errors import UserError
from xstilts.plan.devices import CARDS, assumed_rate, bytes_of, canonical, card
from xstilts.plan.history import Finished
from xstilts.plan.hours import ASSUMED, CALIBRATED, ELSEWHERE, Clock, default_device
from xstilts.plan.throughput import Throughput, check, fit, groups
from xstilts.plan.work import Work

TRUE = Throughput(rate=40e12, per_unit=0.03, fixed=12.0)


def jobs(
    count: int = 24, *, std: float = 0.0, study: str = "a", device: str = "H100", seed: int = 0
) -> list[Finished]:
    """Jobs of many sizes on a device of known throughput, with a random factor on their time."""
    draw = random.Random(seed)
    found = []
    for index in range(count):
        steps = round(10 ** draw.uniform(1.5, 4.5))
        work = Work(flops=steps * 10 ** draw.uniform(11, 13), units=steps)
        seconds = TRUE.seconds(work) * draw.lognormvariate(0, std)
        found.append(
            Finished(
                study=study, product=f"target/{index}", kind="training", device=device,
                precision="bf16", work=work, seconds=seconds,
            )
        )  # fmt: skip
    return found


def test_a_known_throughput_is_recovered_within_one_percent() -> None:
    found = fit(jobs())
    assert found.rate == pytest.approx(TRUE.rate, rel=0.01)
    assert found.per_unit == pytest.approx(TRUE.per_unit, rel=0.01)
    assert found.fixed == pytest.approx(TRUE.fixed, rel=0.01)


def test_outliers_change_the_fit_little() -> None:
    made = jobs(30, std=0.03)
    slow = [
        Finished(
            study="a", product="slow", kind="training", device="H100", precision="bf16",
            work=job.work, seconds=20 * job.seconds,
        )
        for job in made[:3]
    ]  # fmt: skip
    assert fit([*made, *slow]).rate == pytest.approx(TRUE.rate, rel=0.1)


def test_one_job_gives_its_own_rate() -> None:
    [job] = jobs(1)
    found = fit([job])
    assert found.seconds(job.work) == pytest.approx(job.seconds)
    assert (found.per_unit, found.fixed) == (0, 0)


def test_the_error_on_held_out_studies_is_the_scatter_of_the_jobs() -> None:
    exact = check([*jobs(12, study="a"), *jobs(12, study="b", seed=1)])
    assert exact and exact.error < 1
    assert exact.total_ratio == pytest.approx(1, abs=0.01)
    assert "each of 2 studies predicted from the others" in exact.how
    noisy = check([*jobs(60, study="a", std=0.3), *jobs(60, study="b", seed=1, std=0.3)])
    # the median of |exp(N(0, 0.3)) - 1| is about 20 %
    assert noisy and 12 < noisy.error < 30


def test_a_study_on_a_slower_machine_increases_the_error() -> None:
    slow = [
        Finished(
            study="b", product=job.product, kind=job.kind, device=job.device,
            precision=job.precision, work=job.work, seconds=2 * job.seconds,
        )
        for job in jobs(12, seed=1)
    ]  # fmt: skip
    found = check([*jobs(12), *slow])
    assert found and found.error > 40
    assert found.worst_factor > 1.8


def test_too_few_jobs_are_not_checked() -> None:
    assert check(jobs(2)) is None


def test_sources_of_a_throughput() -> None:
    history = jobs(8)
    clock = Clock("H100", history)
    found = clock.throughput("bf16", "training")
    assert found and found[1] == CALIBRATED
    found = clock.throughput("bf16", "prediction")
    assert found and found[1] == ELSEWHERE
    found = clock.throughput("fp32", "training")
    assert found == (Throughput(assumed_rate("H100", "fp32")), ASSUMED)
    assert Clock("cpu", history).throughput("fp32", "training") is None
    assert default_device([*history, *jobs(3, device="cpu")]) == "H100"
    assert default_device([]) is None
    assert set(groups([*history, *jobs(3, device="cpu")])) == {
        ("H100", "bf16", "training"), ("cpu", "bf16", "training"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("device", "name"),
    [
        ("NVIDIA H100 80GB HBM3", "H100"),
        ("NVIDIA H100 PCIe", "H100-PCIe"),
        ("NVIDIA H200", "H200"),
        ("NVIDIA A100-SXM4-40GB", "A100-40GB"),
        ("NVIDIA A100-SXM4-80GB", "A100-80GB"),
        ("NVIDIA A100 80GB PCIe", "A100-80GB"),
        ("NVIDIA A10", "A10"),
        ("NVIDIA A40", "A40"),
        ("NVIDIA L4", "L4"),
        ("NVIDIA L40S", "L40S"),
        ("NVIDIA GeForce RTX 4090", "RTX-4090"),
        ("NVIDIA RTX A6000", "RTX-A6000"),
        ("Tesla V100-SXM2-32GB", "V100-32GB"),
        ("Tesla T4", "T4"),
        ("a100-80gb", "A100-80GB"),
        ("cpu", "cpu"),
        ("NVIDIA GeForce GTX 1080", "NVIDIA GeForce GTX 1080"),
    ],
)
def test_gpus_are_recognised_by_their_torch_names(device: str, name: str) -> None:
    assert canonical(device) == name


def test_an_unknown_gpu_gets_the_nearest_name() -> None:
    with pytest.raises(UserError, match=r"'H10' is not a known GPU\. Did you mean 'H100'"):
        card("H10")
    assert card("h100") is CARDS["H100"]


def test_emulated_bf16_counts_as_fp32() -> None:
    assert assumed_rate("V100-32GB", "bf16") == assumed_rate("V100-32GB", "fp32")


@pytest.mark.parametrize(
    ("text", "size"), [("80GiB", 80 * 2**30), ("24 GB", 24e9), ("1.5TiB", 1.5 * 2**40)]
)
def test_sizes_of_memory(text: str, size: float) -> None:
    assert bytes_of(text) == size


@pytest.mark.parametrize("text", ["80", "GB", "-3GB", "1..2GB", "0GiB"])
def test_invalid_sizes(text: str) -> None:
    with pytest.raises(UserError, match="is not a size"):
        bytes_of(text)
