"""A study on official releases that are downloaded by URL."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from release_server import Site, serving

if TYPE_CHECKING:
    from checkout import Checkout

pytestmark = pytest.mark.workflow

COMMIT = "60cac411649156efb6aab9dd4c9cde787a2c0345"
XQUAD = f"raw.githubusercontent.com/google-deepmind/xquad/{COMMIT}/xquad.de.json"


def question(text: str) -> bytes:
    """A file of XQuAD with one question."""
    answers = [{"text": "km", "answer_start": 3}]
    asked = {"id": "q", "question": text, "answers": answers}
    paragraphs = [{"context": "12 km", "qas": [asked]}]
    return json.dumps({"data": [{"title": "t", "paragraphs": paragraphs}]}).encode()


@pytest.mark.full
def test_data_are_read_from_a_release_by_url(fresh: Checkout):
    site = Site({XQUAD: question("Wie weit?")})
    product = "results/tiny/data/xquad/de/test.parquet"
    with serving(site):
        fresh.write_study(
            source="url",
            url_mirrors=site.mirrors,
            source_language="en",
            text=[],
            bases={"b": {"hub": "owner/model"}},
            stages={},
            strategies={"none": []},
            targets={"xquad": {"languages": ["de"]}},
        )
        run = fresh.snakemake(product)
        assert run.code == 0, run.output
        again = fresh.snakemake(product)
        assert again.nothing_to_do
    assert run.jobs["fetch_data"] == run.jobs["prepare_data"] == 1
    assert len(site.asked) == 1
    facts = json.loads((fresh.results / "data/xquad/de/test.json").read_text())["facts"]
    assert facts["rows"] == 1
    [download] = facts["downloads"]
    assert list(download["archives"]) == [f"https://{XQUAD}"]
