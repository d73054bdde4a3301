"""Translated training sets in a study: names, files, identities, errors."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from test_config import STUDY, grid_of

from xstilts.chains import Member, stage_label, translated, translation_language
from xstilts.data.clusters import cluster_of
from xstilts.errors import UserError
from xstilts.explain import explain
from xstilts.grid import identities
from xstilts.identity import differences
from xstilts.jobs.data import prepare_data

MODEL = "translations: {model: {hub: some/model, revision: abc}}\nstrategies:"
CHAIN = "  mnli: [mnli@qab:translated]"


def study(translations: str = MODEL, chain: str = CHAIN, old: str = "  mnli: [mnli]") -> str:
    """The tiny study with a section of translations and a strategy."""
    assert old in STUDY
    return STUDY.replace("strategies:", translations).replace(old, chain)


def error_of(tmp_path: Path, text: str) -> str:
    with pytest.raises(UserError) as caught:
        grid_of(tmp_path, text)
    return str(caught.value).replace(f"{tmp_path}/", "")


def test_the_notation_and_its_path_segment():
    member = Member.parse("squad_v1@de:translated", "en")
    assert member == Member("squad_v1", "de-translated")
    assert member != Member.parse("squad_v1@de", "en")
    assert stage_label((member, Member("mnli", "en")), "en") == "squad_v1@de-translated+mnli"
    assert Member.parse(member.label("en"), "en") == member
    assert translation_language(translated("zh-tw")) == "zh-tw"
    assert [translation_language(code) for code in ("de", "zh-tw", "translated")] == [None] * 3


def test_wildcards_keep_the_rules_apart(tmp_path):
    files = tmp_path / "squad.qab.json"
    files.touch()
    section = (
        f"translations: {{model: {{hub: some/model}}, files: {{squad_v1: '{tmp_path}/squad."
        "{language}.json'}}\nstrategies:"
    )
    chain = "  mnli: [[mnli@qab:translated, squad_v1@qab:translated], mnli@qac:translated]"
    grid = grid_of(tmp_path, study(section, chain))
    patterns = grid.patterns()
    assert patterns["translated_task"] == "mnli"
    assert patterns["translated"] == "qab\\-translated|qac\\-translated"
    assert "qab\\-translated" in patterns["language"].split("|")
    assert "mnli@qab-translated+squad_v1@qab-translated" in grid.chains
    assert grid.paths.data("squad_v1", "qab-translated", "train") in grid.training_data()
    sets = [identities.data(grid, task, "qab-translated", "train") for task in ("mnli", "squad_v1")]
    assert [set(item["source"]) & {"model", "translated_file"} for item in sets] == [
        {"model"}, {"translated_file"},
    ]  # fmt: skip
    assert identities.data_files(grid, "squad_v1", "qab-translated", "train") == [str(files)]
    assert identities.data_files(grid, "mnli", "qab-translated", "train") == [
        "results/tiny/data/mnli/qaa/train.json"
    ]


def test_a_study_without_translations_has_no_such_wildcards(tmp_path):
    patterns = grid_of(tmp_path).patterns()
    assert patterns["translated"] == patterns["translated_task"] == "(?!)"


@pytest.mark.parametrize(
    ("section", "chain", "expected"),
    [
        (MODEL, "[mnli@qaa:translated]", "'qaa' is the source language, nothing to translate. "
                                         "Write 'mnli'."),
        (MODEL, "[mnli@qab:translatd]", "'translatd' is not a known origin of "
                                        "'mnli@qab:translatd'. Did you mean 'translated'?"),
        (MODEL, "[mnlii@qab:translated]", "Did you mean 'mnli'?"),
        (MODEL, "[udpos@qab:translated]", "data of kind 'tagging' cannot be translated by a model"),
        (MODEL, "[tlm@qab:translated]", "data of kind 'mlm' cannot be translated by a model"),
        (MODEL, "[mnli@qax:translated]", "'qax' is not a known language to translate into. Did you "
                                         "mean 'qa"),
        ("strategies:", "[mnli@qab:translated]", "study.yaml:12: strategies.mnli[0]: "
                                                 "mnli@qab:translated needs a file "
                                                 "(translations.files.mnli) or a model"),
        (MODEL, "[[mnli@qab:translated, 'mnli@qab:translated']]", "is twice in one mixture"),
        (MODEL.replace("hub: some/model, revision: abc", "path: no/such"), "[mnli@qab:translated]",
         "translations.model.path: no/such is not a checkpoint folder"),
        (MODEL.replace("hub: some/model", "path: x"), "[mnli]", "revision needs hub"),
        (MODEL.replace("hub: some/model, revision: abc", ""), "[mnli]",
         "give exactly one of hub, path"),
        ("translations: {files: {mnli: 'no/{language}.tsv'}}\nstrategies:",
         "[mnli@qab:translated]", "no such file of translated training data: no/qab.tsv"),
        ("translations: {files: {mlni: x}}\nstrategies:", "[mnli]", "Did you mean 'mnli'?"),
    ],
)  # fmt: skip
def test_an_unavailable_translation_is_one_message(tmp_path, section, chain, expected):
    assert expected in error_of(tmp_path, study(section, f"  mnli: {chain}"))


def test_a_task_without_training_data_in_the_source_language(tmp_path):
    (tmp_path / "data").mkdir()
    text = (
        study(chain="  mnli: [xquad@de:translated]")
        .replace("source: microworld", f"source: original\ndata_root: {tmp_path}/data")
        .replace("source_language: qaa", "source_language: en")
        .replace("    pretrain: {vocab_size: 500}", "    hub: a/b")
        .replace("  xnli: {languages: all}\n  tatoeba: {}", "  tatoeba: {languages: [de]}")
        .replace("  both: [squad_v1, mnli]\n", "")
    )
    (tmp_path / "data/tatoeba").mkdir()
    (tmp_path / "data/tatoeba/tatoeba.deu-eng.deu").touch()
    assert "xquad has no training data in 'en' to translate" in error_of(tmp_path, text)


def test_the_identity_contains_the_settings_of_the_model(tmp_path):
    def identity(section: str = MODEL, **_: str) -> dict:
        return identities.data(grid_of(tmp_path, study(section)), "mnli", "qab-translated", "train")

    first = identity()
    source = first["source"]
    assert source["model"] == {"hub": "some/model", "path": None, "revision": "abc"}
    assert (source["beams"], source["codes"]) == (4, {"qaa": None, "qab": None})
    assert {"xstilts.translation.translate", "xstilts.translation.classification"} <= set(
        first["code"]
    )
    assert not {name for name in first["code"] if name.endswith((".span", ".flores"))}
    assert differences(first, identity()) == []
    for changed, key in [("revision: abcd", "source.model.revision"), ("revision: abc, beams: 1",
                         "source.beams")]:  # fmt: skip
        other = identity(MODEL.replace("revision: abc", changed))
        assert [name for name, _, _ in differences(first, other)] == [key]
    # a code for another language changes nothing
    assert identity(MODEL.replace("abc", "abc, codes: {qac: x}")) == first


def test_a_local_model_is_an_input_by_its_files(tmp_path):
    for name in ("config.json", "model.safetensors", "README.md", "source.spm"):
        (tmp_path / name).write_text("{}" if name == "config.json" else name)
    section = MODEL.replace("hub: some/model, revision: abc", f"path: {tmp_path}")
    grid = grid_of(tmp_path, study(section))
    files = identities.data_files(grid, "mnli", "qab-translated", "train")
    assert [Path(file).name for file in files] == [
        "train.json", "config.json", "model.safetensors", "source.spm",
    ]  # fmt: skip
    assert any("not made yet" in line for line in explain(grid, "data/mnli/qab-translated/train"))


def test_a_target_stage_may_train_on_translations(tmp_path):
    text = study().replace(
        "xnli: {languages: all}", "xnli: {train: ['mnli', 'mnli@qab:translated']}"
    )
    members = grid_of(tmp_path, text).targets["xnli"].members
    assert members == (Member("mnli", "qaa"), Member("mnli", "qab-translated"))


def test_weights_are_selected_on_the_source_language(tmp_path):
    text = study(chain="  mnli: [[mnli, mnli@qab:translated]]").replace(
        "targets:", "recipes: {all: {selection: best}}\ntargets:"
    )
    grid = grid_of(tmp_path, text)
    chain = "mnli+mnli@qab-translated"
    assert grid.dev_members("mini", chain, None) == (Member("mnli", "qaa"),)
    assert "results/tiny/data/mnli/qaa/validation.json" in grid.selection_data()


def test_files_are_read_as_the_release_is(tmp_path):
    context = "Ada schrieb ein Buch."
    answer = {"text": "Ada", "answer_start": 0}
    squad = {"data": [{"paragraphs": [{"context": context, "qas": [
        {"id": "q", "question": "Wer?", "answers": [answer]}]}]}]}  # fmt: skip
    (tmp_path / "qab.json").write_text(json.dumps(squad))
    # XTREME's translated training sets have the English pair in front
    rows = "A cat.\tNo cat.\tEine Katze.\tKeine Katze.\tcontradictory\n" * 2
    (tmp_path / "qab.tsv").write_text(rows)
    section = (
        f"translations: {{files: {{mnli: '{tmp_path}/{{language}}.tsv', "
        f"squad_v1: '{tmp_path}/{{language}}.json'}}}}\nstrategies:"
    )
    chain = "  mnli: [mnli@qab:translated, squad_v1@qab:translated]"
    grid = grid_of(tmp_path, study(section, chain))
    found = {}
    for task in ("mnli", "squad_v1"):
        data_set = ("qab-translated", "train")
        out = tmp_path / "out" / task
        prepare_data(
            identities.data(grid, task, *data_set),
            [Path(file) for file in identities.data_files(grid, task, *data_set)],
            out / "train.parquet",
            out / "train.json",
        )
        found[task] = pq.read_table(out / "train.parquet").to_pylist()
    premise = cluster_of("classification", found["mnli"][0])
    assert found["mnli"][0] == {
        "id": "0", "text_a": "Eine Katze.", "text_b": "Keine Katze.", "label": "contradiction",
        "cluster": premise,
    }  # fmt: skip
    assert found["squad_v1"][0]["answers"] == [{"text": "Ada", "start": 0}]
