"""Named suites become exactly the official targets; named groups the languages that a task has."""

from __future__ import annotations

import pytest
import yaml
from test_config import STUDY, grid_of

from xstilts.config.study import Study
from xstilts.errors import UserError
from xstilts.grid import suites
from xstilts.suites import GROUPS, SUITES, GroupName, SuiteName
from xstilts.tasks import TASKS

# google-research/xtreme, evaluate.py; sorted, as the order has no meaning
XTREME = {
    "pawsx": "de en es fr ja ko zh",
    "xnli": "ar bg de el en es fr hi ru sw th tr ur vi zh",
    "panx": "af ar bg bn de el en es et eu fa fi fr he hi hu id it ja jv ka kk ko ml mr ms my nl "
    "pt ru sw ta te th tl tr ur vi yo zh",
    "udpos": "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko mr nl pt ru ta te th tl "
    "tr ur vi yo zh",
    "bucc2018": "de fr ru zh",
    "tatoeba": "af ar bg bn de el es et eu fa fi fr he hi hu id it ja jv ka kk ko ml mr nl pt ru "
    "sw ta te th tl tr ur vi zh",
    "xquad": "ar de el en es hi ru th tr vi zh",
    "mlqa": "ar de en es hi vi zh",
    "tydiqa": "ar bn en fi id ko ru sw te",
}
XTREME_R = {
    "xnli": XTREME["xnli"],
    "xcopa": "et ht id it qu sw ta th tr vi zh",
    "panx": XTREME["panx"] + " az gu lt pa pl qu ro uk",
    "udpos": XTREME["udpos"] + " lt pl ro uk wo",
    "tatoeba": XTREME["tatoeba"] + " az lt pl ro uk",
    "xquad": XTREME["xquad"] + " ro",
    "mlqa": XTREME["mlqa"],
    "tydiqa": XTREME["tydiqa"],
    "mewslix": "ar de en es fa ja pl ro ta tr uk",
    "lareqa": "ar de el en es hi ru th tr vi zh",
}
_MASAKHANE_20 = "bbj bm ee fon ha ig lg luo mos ny pcm rw sn sw tn tw wo xh yo zu"
AFRICAN = {
    "xnli": "sw",
    "xcopa": "sw",
    "udpos": "af wo yo",
    "panx": "af sw yo",
    "tydiqa": "sw",
    "tatoeba": "af sw",
    "masakhaner1": "am ha ig lg luo pcm rw sw wo yo",
    "masakhaner2": _MASAKHANE_20,
    "masakhapos": _MASAKHANE_20,
    "afrixnli": "am ee ha ig lg ln om rw sn st sw tw wo xh yo zu",
}
_BELEBELE_AFRICAN = (
    "af am ary_Arab arz_Arab bm fuv_Latn ha ig kea_Latn lg ln luo mg nso_Latn ny om rw sn so ss "
    "st sw ti tn ts wo xh yo zu"
)
AFRICAN |= {
    "masakhanews": "am ha ig lg ln om pcm rn sn so sw ti xh yo",
    "afrisenti": "am arq ary ha ig om pcm rw sw ti ts tw yo",
    # Glottolog's macroarea is Africa, and Kongo
    "sib200": f"{_BELEBELE_AFRICAN} aeb_Arab ak bem_Latn cjk_Latn dik_Latn dyu_Latn ee fon "
    "kab_Latn kam_Latn kbp_Latn kg ki kmb_Latn knc_Arab knc_Latn lua_Latn mos nqo_Nkoo nus_Latn rn "
    "sg taq_Latn taq_Tfng tum_Latn tw tzm_Tfng umb_Latn",
    "belebele": _BELEBELE_AFRICAN,
}
AMERICAS = {"americasnli": "ay bzd cni gn hch nah oto quy shp tar"}
EXPECTED = {
    "xtreme": XTREME,
    "xtreme-r": XTREME_R,
    "african": AFRICAN,
    "americas": AMERICAS,
    # single tasks, in all their languages
    **{name: {name: " ".join(TASKS[name].languages)} for name in ("sib200", "nusax", "belebele")},
}

TARGETS = "targets:\n  xnli: {languages: all}\n  tatoeba: {}\n"


class NoLines:
    """Lines of a study without a file."""

    def where(self, path: tuple[str | int, ...]) -> str:
        return ".".join(map(str, path))


def original(text: str) -> Study:
    study = yaml.safe_load(
        STUDY.replace(TARGETS, text).replace("microworld:\n  languages: 3\n", "")
    )
    return Study.model_validate(study | {"source": "original", "data_root": "nowhere"})


def test_names_are_those_that_the_configuration_accepts() -> None:
    assert tuple(SUITES) == SuiteName.__args__
    assert tuple(GROUPS) == GroupName.__args__
    assert set(EXPECTED) == set(SUITES)


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_expands_to_exactly_its_lists(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # some tasks of the suites may not exist
    monkeypatch.setattr(suites, "TASKS", dict.fromkeys(EXPECTED[name]))
    found = suites.wanted_targets(original(f"suites: [{name}]"), NoLines())
    assert {task: sorted(target.languages) for task, (target, _) in found.items()} == {
        task: sorted(languages.split()) for task, languages in EXPECTED[name].items()
    }
    assert all(key_path == ("suites", 0) for _, key_path in found.values())
    trained = {task: target.train for task, (target, _) in found.items() if target.train}
    no_english = {"masakhaner1": "panx", "masakhaner2": "panx", "afrisenti": "afrisenti@ha"}
    assert trained == (no_english if name == "african" else {})


def test_sizes_are_the_published_ones() -> None:
    assert [len(XTREME[task].split()) for task in XTREME] == [7, 15, 40, 33, 4, 36, 11, 7, 9]
    assert len({code for codes in XTREME_R.values() for code in codes.split()}) == 50
    assert len(_MASAKHANE_20.split()) == 20


def test_a_target_changes_keys_of_a_suite_and_suites_join(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suites, "TASKS", dict.fromkeys([*XTREME, *AFRICAN]))
    text = """\
suites: [xtreme, african]
targets:
  xnli: {split: validation}
  panx: {languages: [sw]}
  mine: {task: xquad}
"""
    found = suites.wanted_targets(original(text), NoLines())
    xnli, panx = found["xnli"][0], found["panx"][0]
    assert sorted(xnli.languages) == XTREME["xnli"].split()
    assert xnli.split == "validation"
    assert panx.languages == ["sw"]
    assert sorted(found["udpos"][0].languages) == sorted([*XTREME["udpos"].split(), "wo"])
    assert found["mine"][0].languages == "all"
    assert list(found)[-1] == "mine"
    assert found["xnli"][1] == ("targets", "xnli")


def test_a_suite_with_a_missing_task_is_one_error_where_it_is_used(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suites, "TASKS", {name: TASKS[name] for name in ("xnli", "tatoeba")})
    with pytest.raises(UserError) as caught:
        grid_of(tmp_path, STUDY.replace("targets:", "suites: [xtreme-r]\ntargets:"))
    assert (
        "study.yaml:14: suites[0]: suite 'xtreme-r' needs the tasks xcopa, udpos, panx, xquad, "
        "mlqa, tydiqa, mewslix, lareqa, which do not exist."
    ) in str(caught.value)
    assert list(grid_of(tmp_path).targets) == ["xnli", "tatoeba"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (TARGETS, "suites: [extreme]\n", "suites[0]: 'extreme' is not accepted. Did you mean "
                                         "'xtreme'?"),
        (TARGETS, "", "targets: the study has no targets. Set targets or suites."),
        ("languages: all", "languages: africa", "targets.xnli.languages: 'africa' is not accepted. "
                                                "Did you mean 'african'?"),
    ],
)  # fmt: skip
def test_wrong_names_are_one_message(tmp_path, old: str, new: str, expected: str) -> None:
    with pytest.raises(UserError) as caught:
        grid_of(tmp_path, STUDY.replace(old, new))
    assert expected in str(caught.value)


def test_in_the_microworld_suites_and_groups_take_its_languages(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SUITES, "americas", {"xnli": ("gn",), "tatoeba": ("af", "sw")})
    grid = grid_of(tmp_path, STUDY.replace(TARGETS, "suites: [americas]\n"))
    assert grid.targets["xnli"].languages == ("qaa", "qab", "qac")
    assert grid.targets["tatoeba"].languages == ("qab", "qac")
    # no generator makes SIB-200
    african = grid.study.model_copy(update={"suites": ["african"]})
    generated = {name for name in AFRICAN if TASKS[name].microworld}
    assert set(suites.wanted_targets(african, NoLines())) == generated
    group = grid_of(tmp_path, STUDY.replace("languages: all", "languages: african"))
    assert group.targets["xnli"].languages == ("qaa", "qab", "qac")


def test_a_group_takes_the_languages_that_the_task_has(tmp_path) -> None:
    for code in TASKS["tatoeba"].codes.values():
        for side in (code, "eng"):
            file = tmp_path / f"data/tatoeba/tatoeba.{code}-eng.{side}"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("x\n")
    study = STUDY.replace("{vocab_size: 500}", "{}\ntext: [{files: text.txt, languages: [en]}]")
    (tmp_path / "text.txt").write_text("x\n")
    study = study.replace("text.txt", str(tmp_path / "text.txt")).replace("qaa", "en")
    study = study.replace("source: microworld", f"source: original\ndata_root: {tmp_path}/data")
    study = study.replace("  mnli: [mnli]\n  both: [squad_v1, mnli]\n", "")
    study = study.replace("  xnli: {languages: all}\n", "")
    african = study.replace("tatoeba: {}", "tatoeba: {languages: african}")
    assert grid_of(tmp_path, african).targets["tatoeba"].languages == ("af", "sw")
    with pytest.raises(UserError, match="tatoeba has no test split in any americas language"):
        grid_of(tmp_path, study.replace("tatoeba: {}", "tatoeba: {languages: americas}"))
    # a language that has no file is reported at the suite's key path
    for side in ("afr", "eng"):
        (tmp_path / f"data/tatoeba/tatoeba.afr-eng.{side}").unlink()
    with pytest.raises(UserError, match=r"study.yaml:\d+: targets.tatoeba: no file of tatoeba"):
        grid_of(tmp_path, african)
