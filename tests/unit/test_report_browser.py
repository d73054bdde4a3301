"""The report in a real browser: figures are drawn, nothing is logged, links resolve."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from report_world import make_study, predict, train
from test_report_figures import GRID

from xstilts.report.build import build_report

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER = next((found for name in BROWSERS if (found := shutil.which(name))), None)
pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(BROWSER is None, reason=f"none of {', '.join(BROWSERS)} is here"),
]

UNFOLD = "<script>document.querySelectorAll('details').forEach(d => d.open = true)</script>"


def load(page: Path, profile: Path, *options: str, fragment: str = "") -> tuple[str, list[str]]:
    """The page as the browser has it after its scripts ran, and what these wrote to the console."""
    command = [
        str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        f"--user-data-dir={profile}", "--enable-logging=stderr", "--v=0",
        # tall, so that every figure is in view
        "--window-size=1200,20000", "--virtual-time-budget=60000", *options, "--dump-dom",
        page.as_uri() + fragment,
    ]  # fmt: skip
    for _ in range(3):
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        if "data-ready=" in done.stdout:
            break
        # on a busy machine the browser's time may be over before it draws its first frame
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_figure_is_drawn_without_console_output(tmp_path: Path, scheme: str) -> None:
    source = make_study(tmp_path / "study", GRID)
    train(source, selected=True)
    predict(source)
    page = tmp_path / "report.html"
    build_report(source, page)
    page.write_text(page.read_text(encoding="utf-8") + UNFOLD, encoding="utf-8")
    setting = f"--blink-settings=preferredColorScheme={int(scheme == 'light')}"
    dom, console = load(page, tmp_path / "profile", setting)
    assert console == []
    assert 'data-errors="0"' in dom
    assert f'data-figures="{len(source.figures)}"' in dom
    assert dom.count('class="marks"') >= len(source.figures)
    ink = {"light": "#1f1f1f", "dark": "#e8e8e8"}[scheme]
    assert f'fill="{ink}"' in dom


def test_links_resolve_and_open_folded_sections(tmp_path: Path) -> None:
    source = make_study(tmp_path / "study", GRID)
    train(source)
    page = tmp_path / "report.html"
    build_report(source, page)
    dom, _ = load(page, tmp_path / "profile", fragment="#cell-tiny-mnli-xnli")
    links = set(re.findall(r'href="#([^"]+)"', dom))
    assert {"transfer", "cell-tiny-mnli-xnli"} <= links
    assert links <= set(re.findall(r'id="([^"]+)"', dom))
    assert re.search(r'<details[^>]*id="cell-tiny-mnli-xnli"[^>]*open', dom)
    assert not re.search(r'<details[^>]*id="cell-tiny-none-xnli"[^>]*open', dom)
