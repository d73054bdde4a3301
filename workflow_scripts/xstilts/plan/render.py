"""A plan as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xstilts.plan.data import NO_DATA_ROOT
from xstilts.plan.hours import ASSUMED, CALIBRATED
from xstilts.progress import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from xstilts.grid import Grid


def render(plan: dict[str, Any], grid: Grid) -> Iterator[str]:
    """Yield the lines of a plan, part by part."""
    yield f"{plan['study']}: {plan['question'] or 'no question stated'}"
    yield from (f"  {sentence}" for sentence in plan["left_out"])
    for part in (_counts, _hours, _disk, _memory):
        yield ""
        yield from part(plan)
    yield ""
    yield from _data(plan, grid)


def table(rows: Sequence[Sequence[str]], indent: str = "  ") -> Iterator[str]:
    """Yield rows of text in columns, with numbers aligned right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (
            value.rjust(width) if value[:1].isdigit() or value in ("?", "-") else value.ljust(width)
            for value, width in zip(row, widths, strict=True)
        )
        yield (indent + "  ".join(cells)).rstrip()


def size(number: float | None) -> str:
    """Return a number of bytes as text with a unit; ``?`` if unknown."""
    if number is None:
        return "?"
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} TB"


def _counts(plan: dict[str, Any]) -> Iterator[str]:
    found = plan["counts"]
    yield f"Trainings ({found['bases']} bases, {found['seeds']} seeds)"
    for position, count in found["trainings"].items():
        yield f"  {position:<16} {count:>6}"
    yield f"  {'total':<16} {found['trainings_after_pretraining']:>6}  after pretraining"
    yield (
        f"  {'cell by cell':<16} {found['cell_by_cell']:>6}  if each cell trained its whole chain"
    )
    yield (
        f"  {'saved':<16} {found['saved']:>6}  "
        f"{found['shared_prefixes']} prefixes are shared by several cells"
    )
    yield (
        f"Predictions: {found['prediction_files']} files, one per language of "
        f"{found['predicted_cells']} cells"
    )


def _hours(plan: dict[str, Any]) -> Iterator[str]:
    time = plan["hours"]
    if time is None:
        yield "Hours: no finished jobs like these to calibrate with, and no device (--gpu NAME)"
        cards = [f"{name} {_time(value)}" for name, value in plan["orientation"].items()]
        yield f"  for orientation, from operations only, not calibrated: {', '.join(cards)}"
    else:
        yield f"Hours on one {time['device']}"
        rows = [("base", "position", "jobs", "left", "time", "left", "precision", "from")]
        for row in time["rows"]:
            rows.append(
                (
                    row["base"], row["position"], str(row["jobs"]), str(row["left"]),
                    _time(row["hours"]), _time(row["hours_left"]),
                    ", ".join(row["precision"]), ", ".join(row["source"]),
                )
            )  # fmt: skip
        yield from table(rows)
        whole, left = time["hours"], time["hours_left"]
        yield f"  total {_time(whole)} ({whole:,.1f} h), of which {_time(left)} left"
        yield from _trust(time)
    unknown = (time or plan)["unknown"]
    for what, count in unknown.items():
        yield f"  left out: {count} jobs, unknown: {what}"
    if any(what.startswith("the shape of") for what in unknown):
        yield "  for unknown models: --parameters BASE=NUMBER, without embeddings"


def _time(hours: float) -> str:
    return duration(3600 * hours)


def _trust(time: dict[str, Any]) -> Iterator[str]:
    """Yield lines on the reliability of the hours."""
    sources = {source for row in time["rows"] for source in row["source"]}
    if ASSUMED in sources:
        shares = ", ".join(f"{100 * v:.0f} % in {k}" for k, v in time["share_of_peak"].items())
        yield f"  not calibrated: an assumed fraction of the GPU's peak ({shares})"
    if CALIBRATED in sources:
        errors = [f"{key} {value} %" for key, value in time["errors_percent"].items()]
        yield (
            "  calibrated by finished jobs; median error on held-out jobs: "
            f"{', '.join(errors) or 'too few jobs'}"
        )
    if time["start_seconds"]:
        yield f"  includes {time['start_seconds']:.1f} s overhead per job"
    for bound in sorted({bound for row in time["rows"] for bound in row["bounds"]}):
        yield f"  an upper bound: {bound}"
    assumed = sum(row["assumed_lengths"] for row in time["rows"])
    if assumed:
        jobs = sum(row["jobs"] for row in time["rows"])
        yield f"  {assumed} of {jobs} jobs use typical lengths: data not tokenised yet"


def _disk(plan: dict[str, Any]) -> Iterator[str]:
    found = plan["disk"]
    yield "Disk (weights in fp32, including heads and history)"
    rows = [("base", "models", "each", "adapters", "each", "kept", "extra while training")]
    for base, item in found["bases"].items():
        cells = []
        for count, each in (("models", "model_bytes"), ("adapters", "adapter_bytes")):
            cells += [str(item[count]), size(item[each])] if item[count] else ["-", "-"]
        kept = "?" if item["unknown"] else size(item["kept_bytes"])
        rows.append((base, *cells, kept, size(item["state_bytes_while_training"])))
    yield from table(rows)
    yield (
        f"  data about {size(found['data_bytes'])}, tokens about {size(found['tokens_bytes'])}, "
        f"predictions and scores about {size(found['predictions_bytes'])}, "
        "without data of unknown size"
    )
    more = f", and {', '.join(found['unknown'])}" if found["unknown"] else ""
    stages = "stage" if found["concurrent"] == 1 else "stages"
    yield (
        f"  kept {size(found['kept_bytes'])}; peak with {found['concurrent']} {stages} in training "
        f"{size(found['peak_bytes'])}{more}"
    )


def _memory(plan: dict[str, Any]) -> Iterator[str]:
    found = plan["memory"]
    named = f"{found['device']}, {size(found['bytes'])}" if found["bytes"] else "no device given"
    yield f"Memory of training at {found['max_tokens']} tokens per micro-batch ({named})"
    if not found["stages"]:
        yield "  unknown: no base has a known shape"
        return
    rows = [("base", "example", "trainings", "length", "memory", "")]
    for stage in found["stages"]:
        verdict = {True: "fits", False: "does not fit", None: ""}[stage["fits"]]
        about = "about " if stage["approximate"] else ""
        rows.append(
            (
                stage["base"], stage["example"], str(stage["stages"]), str(stage["length"]),
                about + size(stage["bytes"]), verdict,
            )
        )  # fmt: skip
    yield from table(rows)
    advice = {
        (stage["base"], line): None
        for stage in found["stages"]
        if stage["fits"] is False
        for line in stage["advice"]
    }
    for base, line in advice:
        yield f"  {base}: {line}"


def _origins(sources: Mapping[str, Mapping[str, Sequence[str]]]) -> str:
    """Return the sources of a task's splits, each once."""
    return "from " + ", ".join(dict.fromkeys(one for split in sources.values() for one in split))


def _data(plan: dict[str, Any], grid: Grid) -> Iterator[str]:
    data = plan["data"]
    yield f"Data: {sum(item['sets'] for item in data)} sets of {len(data)} tasks"
    for item in data:
        missing = sum(len(part["languages"]) for part in item["missing"])
        archive = f"  {size(item['download_bytes'])}" if item["download_bytes"] else ""
        mark = f"  {item['downloads']} to be downloaded" if item["downloads"] else ""
        mark += f"  {missing} missing" if missing else ""
        yield (
            f"  {item['task']:<15} {item['languages']:>3} languages  {', '.join(item['splits'])}"
            f"  {_origins(item['sources'])}  [{item['licence']}]{archive}{mark}"
        )
    yield from (f"  {remark}" for remark in plan["mixed_sources"])
    known = [item for item in data if item["download_bytes"]]
    if known:
        total = sum(item["download_bytes"] for item in known)
        yield f"  archives of {len(known)} tasks with published sizes: {size(total)}"
    for item in data:
        if item["restricted"]:
            yield f"  obtain yourself: {item['task']}, {item['restricted']} ({item['homepage']})"
    for remark in plan["row_counts"]:
        yield f"  other than published: {remark}"
    for item in data:
        for text in item["unverified"]:
            yield f"  not confirmed: {item['task']}, {text}"
    for model in plan["gated_models"]:
        yield f"  accept the licence first: https://huggingface.co/{model}"
    absent = [(item["task"], part) for item in data for part in item["missing"]]
    if not absent:
        return
    yield f"Missing ({sum(len(part['languages']) for _, part in absent)} sets)"
    if all(part["reason"] == NO_DATA_ROOT for _, part in absent):
        yield "  data_root is not set: give the folder of the files with --config data_root=FOLDER"
        return
    for task, part in absent:
        yield f"  {task} {part['split']}: {' '.join(part['languages'])} ({part['reason']})"
