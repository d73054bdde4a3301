"""The report: what the page shows of complete and of partial studies."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from report_world import HEADER, make_study, predict, train

from xstilts.comparisons.effects import EFFECT_SCHEMA
from xstilts.comparisons.tables.claims import CLAIM_SCHEMA
from xstilts.comparisons.tables.groups import GROUP_SCHEMA
from xstilts.comparisons.tables.sources import SOURCE_SCHEMA
from xstilts.files import write_text
from xstilts.manifest import write_manifest
from xstilts.report.build import build_report
from xstilts.report.cost import costs, spent
from xstilts.report.examples import examples
from xstilts.report.frames import read_frames
from xstilts.report.maps import data_maps
from xstilts.report.training import MOST_POINTS, curves
from xstilts.results import failures
from xstilts.results.render import write_frame

if TYPE_CHECKING:
    from score_files import Found, Wanted

    from xstilts.report.source import Source

GRID: dict[Wanted, Found] = {
    ("none", "xnli", 1): {"en": 60.0, "sw": 40.0},
    ("none", "xnli", 2): {"en": 64.0, "sw": 44.0},
    ("mnli", "xnli", 1): {"en": 70.0, "sw": 50.0},
    ("mnli", "xnli", 2): {"en": 66.0, "sw": 54.0},
    ("squad_v1", "xnli", 1): {"en": 58.0, "sw": 40.0},
    ("squad_v1", "xnli", 2): "out of memory",
}
AUDIT = (
    "task,language,split,field,trained_on,examples,overlapping,first_id\n"
    "xnli,en,test,(all),(all),10,0,\n"
    "xnli,sw,test,text_a,mnli/en/train,10,2,pair-7\n"
)


class Page(HTMLParser):
    """Texts of a page, the shades of its cells, its ids, links, and the files it would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.shades: dict[str, str] = {}
        self.loads: list[str] = []
        self.ids: list[str] = []
        self._style = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("td", "th"):
            self._style = given.get("style") or ""
        self.loads += [value for key in ("src", "href") if (value := given.get(key))]
        self.ids += [value] if (value := given.get("id")) else []

    def handle_data(self, data: str) -> None:
        if text := data.strip():
            self.texts.append(text)
            self.shades[text] = self._style


def page_of(source: Source) -> Page:
    out = source.root / "report.html"
    build_report(source, out)
    return Page(out.read_text(encoding="utf-8"))


def build(folder: Path, grid: dict[Wanted, Found], audit: str | None = AUDIT) -> Page:
    source = make_study(folder, grid)
    if audit:
        write_text(folder / "tables/overlap.csv", audit)
    return page_of(source)


@pytest.mark.slow
def test_answer_heat_map_and_coverage(tmp_path: Path) -> None:
    page = build(tmp_path, GRID)
    assert "Does NLI <help>?" in page.texts
    assert (
        "tiny: on average over the targets, mnli gains 8.0 points over none, more than any other "
        "strategy (standard deviation 2.8 over 2 seeds)." in page.texts
    )
    assert any(text.startswith("5 of 6 results") for text in page.texts)
    assert "--up" in page.shades["60.0 ±0.0 (+8.0)"]
    assert "--down" in page.shades["49.0† (-1.0)"]
    assert page.shades["52.0 ±2.8"] == ""
    assert "(s.d. 2.8 over 2 seeds)" in page.texts
    assert "seed 2: out of memory" in page.texts
    assert "mnli/en/train" in page.texts
    assert "20.0 %" in page.texts


def test_the_page_loads_nothing_and_every_link_leads_somewhere(tmp_path: Path) -> None:
    source = make_study(tmp_path, GRID)
    train(source)
    page = page_of(source)
    assert len(page.ids) == len(set(page.ids))
    links = {link.removeprefix("#") for link in page.loads}
    assert all(link.startswith("#") for link in page.loads)
    assert links <= set(page.ids)
    assert "cell-tiny-mnli-xnli" in links
    assert "recipe-1" in links


def compared(strategy: str, target: str, delta: float) -> dict[str, Any]:
    """A row of a table of comparisons."""
    return {"model": "tiny", "strategy": strategy, "against": "none", "target": target,
            "delta": delta, "low": delta - 2.9, "high": delta + 2.9, "p": 0.01, "p_holm": 0.02,
            "p_swap": 0.03, "p_flip": 0.5, "num_seeds": 2, "num_examples": 20, "verdict": "helps",
            "uncertainty": "seeds and examples", "gap": 4.0, "gap_delta": -1.0, "gap_low": -2.0,
            "gap_high": 0.5}  # fmt: skip


def test_intervals_and_verdicts_where_effects_were_computed(tmp_path: Path) -> None:
    source = make_study(tmp_path, GRID)
    rows = [compared("mnli", target, 8.0) for target in ("xnli", "average")]
    write_frame(source.tables / "effects", pd.DataFrame(rows), EFFECT_SCHEMA)
    page = page_of(source)
    assert any("interval +5.1 to +10.9: helps" in text for text in page.texts)
    assert any(
        text.startswith(
            "tiny: clear gains over none: 8.0 points on xnli after mnli (+5.1 to +10.9)"
        )
        for text in page.texts
    )
    assert "[+5.1, +10.9], helps" in page.texts
    # the row of the table of effects
    assert {"0.010", "0.020", "-1.0 [-2.0, +0.5]", "[1] seeds and examples"} <= set(page.texts)
    # a strategy without a computed effect keeps its deviation
    assert "(one seed)" in page.texts


def test_comparisons_are_those_that_have_rows(tmp_path: Path) -> None:
    source = make_study(tmp_path, GRID)
    tables = {
        "effects": (EFFECT_SCHEMA, [compared("mnli", "xnli", 8.0)]),
        "contrasts": (EFFECT_SCHEMA, [compared("mnli", "xnli", 3.1) | {"against": "squad_v1"}]),
        "claims": (CLAIM_SCHEMA, [{"claim": "mnli-first", "model": "tiny", "mark": "reported",
                                   "statement": "MNLI helps XNLI", "source": "somebody 2020",
                                   "stated": 7.5, "measured": 8.0, "low": 5.1, "high": 10.9,
                                   "measure": "xnli", "verdict": "confirmed", "remark": ""}]),
        "sources": (SOURCE_SCHEMA, [{"model": "tiny", "position": "intermediate", "task": "mnli",
                                     "target": "xnli", "control": "en", "source": "de",
                                     "language": "sw", "mean": 61.2, "delta": 2.0, "low": 1.0,
                                     "high": 3.0, "verdict": "helps"}]),
        "groups": (GROUP_SCHEMA, []),
    }  # fmt: skip
    for name, (schema, rows) in tables.items():
        frame = pd.DataFrame(rows, columns=schema.names).astype(
            {field.name: "float64" for field in schema if field.type == "double"}
        )
        write_frame(source.tables / name, frame, schema)
    page = page_of(source)
    texts = set(page.texts)
    assert {"Claims", "Contrasts", "Effects", "Training languages"} <= texts
    assert "Groups of languages" not in texts
    assert {"squad_v1", "+7.5 (reported)", "+8.0 [+5.1, +10.9]", "confirmed"} <= texts
    assert "61.2 (+2.0*)" in texts
    assert "tiny: mnli before the target, evaluated on xnli (control: en)" in texts
    assert "Other evaluations" not in texts


def test_other_evaluations_have_tables_of_their_own(tmp_path: Path) -> None:
    other = make_study(tmp_path / "tables" / "xtreme-2020", GRID)
    header = replace(HEADER, protocol="xtreme-2020")
    views = {"xtreme-2020": (other.tables, header)}
    source = replace(make_study(tmp_path, GRID), views=views)
    page = page_of(source)
    assert "Other evaluations" in page.texts
    assert any(text.startswith("Protocol xtreme-2020; metrics") for text in page.texts)
    links = {link.removeprefix("#") for link in page.loads}
    assert links <= set(page.ids)


def test_details_name_recipe_identity_log_and_examples(tmp_path: Path) -> None:
    source = make_study(tmp_path, GRID)
    train(source)
    predict(source)
    page = page_of(source)
    assert "id-xnli-1" in page.texts
    assert f"{tmp_path.as_posix()}/logs/target/tiny/seed-1/mnli/xnli.log" in page.texts
    assert "sw one <0> ‖ two" in page.texts
    first = next(text for text in page.texts if text.endswith("‖ two"))
    assert first.startswith("sw"), "the worst language comes first"
    assert page.texts.count("Recipe 1") == 1
    assert "Recipe 2" not in page.texts


@pytest.mark.parametrize(
    ("target", "text", "gold", "prediction"),
    [
        ("xnli", "sw one <0> ‖ two", "neutral", "entailment"),
        ("xquad", "who? ‖ sw context", "a b", "(no answer)"),
        # three layers: predictions are wrong only at the protocol's, the second
        ("tatoeba", "sw query 0", "sw candidate 0", "sw candidate 1"),
    ],
)
def test_examples_of_each_kind(
    tmp_path: Path, target: str, text: str, gold: str, prediction: str
) -> None:
    source = make_study(tmp_path, {("none", target, 1): {"en": 90.0, "sw": 0.0}})
    predict(source)
    wrong = examples(source, source.cells[0], "sw", 2)
    assert [(e.text, e.gold, e.prediction, e.right) for e in wrong][:1] == [
        (text, gold, prediction, False)
    ]
    assert all(example.right for example in examples(source, source.cells[0], "en", 2))


def test_gap_to_the_source_language(tmp_path: Path) -> None:
    gaps = read_frames(make_study(tmp_path, GRID)).gaps
    found = {(row.strategy, row.seed): row.gap for row in gaps.itertuples()}
    assert found[("none", 1)] == 20.0
    assert found[("mnli", 2)] == 12.0
    assert ("squad_v1", 2) not in found


def test_data_maps_count_the_examples_of_all_seeds_in_bins(tmp_path: Path) -> None:
    source = make_study(
        tmp_path, {key: found for key, found in GRID.items() if key[0] != "squad_v1"}
    )
    assert data_maps(source).empty
    train(source)
    rows = data_maps(source)
    assert set(rows["t"]) == {"mnli"}
    # three bins, two seeds; an example that was trained on once has no variability
    assert sorted(rows["n"]) == [2, 2, 4]
    assert rows["share"].sum() == pytest.approx(100)
    easy = rows.loc[rows["n"].idxmax()]
    assert (easy["x"], easy["y"]) == (pytest.approx(0.01), pytest.approx(0.98))
    # a joint stage has no map of one task, and a truncated file will be written again
    paths = sorted(tmp_path.glob("intermediate/**/data_map.parquet"))
    table = pq.read_table(paths[0])
    mixed = pa.array(["mnli", "snli", "mnli", "mnli", "mnli"])
    pq.write_table(table.set_column(0, "task", mixed), paths[0])
    assert sorted(data_maps(source)["n"]) == [1, 1, 2]
    paths[1].write_bytes(paths[1].read_bytes()[:100])
    assert data_maps(source).empty


def test_curves_are_downsampled_and_costs_are_counted(tmp_path: Path) -> None:
    source = make_study(tmp_path, GRID)
    train(source)
    lines = curves(source).groupby(["s", "t"])
    assert {key for key, _ in lines} == {
        ("none", "stage: mnli"), ("none", "stage: squad_v1"), ("none", "target: xnli"),
        ("mnli", "target: xnli"), ("squad_v1", "target: xnli"),
    }  # fmt: skip
    assert all(len(rows) == MOST_POINTS for _, rows in lines)
    by_kind = {cost.kind: cost for cost in costs(tmp_path)}
    assert by_kind["target"].jobs == 6
    assert by_kind["target"].hours == pytest.approx(6 * 72 / 3600)
    assert by_kind["target"].peak_gigabytes == 0.5
    training = {item.position: item for item in spent(tmp_path)}
    # Snakemake does not measure a forked job: its manifest has the peak memory
    manifest = next((tmp_path / "target").rglob("manifest.json"))
    write_manifest(manifest, {}, files={}, facts={"peak_memory": 2_000_000_000})
    assert {c.kind: c.peak_gigabytes for c in costs(tmp_path)}["target"] == 2.0
    assert training["intermediate"].models == 4
    assert training["intermediate"].hours == pytest.approx(4 * 36 / 3600)


def test_failures_and_a_study_without_results(tmp_path: Path) -> None:
    with (
        pytest.raises(MemoryError),
        failures.watched(tmp_path / "failures", "target/tiny/x", "logs/x.log"),
    ):
        raise MemoryError("no room")
    grid: dict[Wanted, Found] = {("none", "xnli", 1): None, ("mnli", "xnli", 1): None}
    page = build(tmp_path, grid, audit=None)
    assert "MemoryError: no room" in page.texts
    assert "tiny: no strategy can be compared with none yet." in page.texts
    assert "Not audited yet." in page.texts
