"""No study file ends in an exception other than the project's own, in bounded time and memory."""

from __future__ import annotations

import random
import resource
from pathlib import Path

import pytest
from test_config import STUDY

from mutations import ODD_BYTES, mutated
from xstilts.cli import main
from xstilts.config.study_file import MAX_VALUES, read_study_file
from xstilts.errors import UserError
from xstilts.grid import Grid

SEED = 18
NINE = "[" + ", ".join(["*a{0}"] * 9) + "]"
LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} {NINE.format(level - 1)}\n" for level in range(1, 10)
)
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{level}: &a{level} {{<<: {NINE.format(level - 1)}}}\n" for level in range(1, 10)
)
FILES: dict[str, tuple[bytes, str]] = {
    "nine levels of nine aliases": (LAUGHS.encode(), rf":6: more than {MAX_VALUES:,} values"),
    "merges of merges": (MERGES.encode(), rf":\d+: more than {MAX_VALUES:,} values"),
    "an alias in its own list": (b"study: &a [1, *a]\n", ":1: an alias .* inside the value"),
    "an alias in its own mapping": (b"study: &a {b: *a}\n", ":1: an alias .* inside the value"),
    "deep lists": (b"x: 1\nstudy: " + b"[" * 100_000, ":2: more than 40 lists"),
    "deep mappings": (b"{a: " * 100_000, ":1: more than 40 lists"),
    "a list": (b"- a\n- b\n", ":1: the file has no keys at the top level"),
    "a word": (b"hello", ":1: the file has no keys at the top level"),
    "UTF-16": ("a: 1\n".encode("utf-16"), ":1: not UTF-8 but UTF-16"),
    "UTF-16 without mark": ("# x\na: 1\n".encode("utf-16-le"), ":1: not UTF-8 but UTF-16"),
    "Latin-1": ("x: 1\nstudy: ä\n".encode("latin-1"), ":2: the byte 0xe4 is not UTF-8"),
    "tabs": (b"study: x\nbases:\n\ta: 1\n", ":3: not valid YAML: .* Indent with blanks"),
    "two keys": (b"study: x\nstudy: y\n", ":2: the study has the key 'study' twice"),
    "two documents": (b"study: x\n---\nstudy: y\n", ":2: not valid YAML"),
    "a list as key": (b"? [a, b]\n: 1\n", ":1: a list or mapping as a key"),
    "a date that does not exist": (b"\nstudy: 2020-13-45\n", ":2: '2020-13-45' cannot be read"),
    "a number of 5000 digits": (b"seeds: [" + b"9" * 5000 + b"]", ":1: .* cannot be read"),
    "code": (b"study: !!python/object/apply:os.system [ls]", ":1: not valid YAML: .*python/object"),
    "a template": (b"__use_yte__: true\nstudy: ?print(1)\n", ":1: __use_yte__ makes Snakemake run"),
    "too large": (b"# \n" * 400_000, "larger than 1,000,000 bytes"),
}


def write(folder: Path, content: bytes) -> Path:
    file = folder / "study.yaml"
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_study_is_one_message_with_its_line(tmp_path: Path, name: str) -> None:
    content, message = FILES[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UserError, match=message) as caught:
        Grid.load(None, [write(tmp_path, content)])
    assert "study.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)
    # KiB: the first of these files took 4 GB
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    for name in ("pipe", "folder"):
        with pytest.raises(UserError, match=f"{name}: not a file"):
            read_study_file(tmp_path / name)
    with pytest.raises(UserError, match="link: no such study file"):
        read_study_file(tmp_path / "link")


def test_aliases_and_merges_of_people_are_read(tmp_path: Path) -> None:
    text = "\ufeffa: &a {x: 1, y: [2]}\nb: {<<: *a, x: 3}\nc: [*a, *a]\n"
    values = read_study_file(write(tmp_path, text.encode())).values
    one = {"x": 1, "y": [2]}
    assert values == {"a": one, "b": {"x": 3, "y": [2]}, "c": [one, one]}


def test_the_command_prints_the_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, LAUGHS.encode())
    assert main(["cells", "--configfile", str(file)]) == 2
    assert capsys.readouterr().err.startswith(f"{file}:6: more than")
    for value in ("seeds=[", "study=2020-13-45", "seeds=&a [*a]", "study=" + "[" * 2000):
        assert main(["cells", "--config", value]) == 2
        assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("count", [pytest.param(150), pytest.param(2500, marks=pytest.mark.full)])
def test_damaged_studies_are_read_or_refused(tmp_path: Path, count: int) -> None:
    draw, wrong = random.Random(SEED), []
    words = STUDY.encode().split()
    for number in range(count):
        content = STUDY.encode()
        if number % 2:
            word = draw.choice(words)
            odd = draw.choice(
                (*ODD_BYTES, b"null", b"1e18", b"no", b"~", b"[]", b"{}", b"-1", b"2020")
            )
            content = content.replace(word, draw.choice((odd, word + odd, odd + word)), 1)
        else:
            content = mutated(content, draw)
        file = write(tmp_path, content)
        try:
            Grid.load(None, [file], files_must_exist=draw.random() < 0.5)
        except UserError:
            pass
        except Exception as error:
            wrong.append(f"{number}: {error!r:.300} {content!r}")
    assert not wrong, wrong[:5]
