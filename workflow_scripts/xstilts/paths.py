"""Paths of all products below ``results/STUDY/``; no other module builds them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xstilts.chains import chain_label

if TYPE_CHECKING:
    from collections.abc import Iterable

SUFFIXES = {".json", ".parquet", ".arrow", ".csv", ".md", ".svg", ".png"}
"""File suffixes of products; other dots are part of names."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Paths of one study's products, as strings with forward slashes."""

    root: str
    """``results/STUDY``."""
    view: str = ""
    """View of the tables; empty for the study's own."""

    def data(self, task: str, language: str, split: str) -> str:
        """Manifest of one data set, next to its examples (``.parquet``)."""
        return f"{self.root}/data/{task}/{language}/{split}.json"

    def download(self, task: str, language: str, split: str) -> str:
        """Manifest of the downloads of a data set, whose files are in the hub cache."""
        return f"{self.root}/downloads/{task}/{language}/{split}.json"

    def tokens(self, base: str, task: str, language: str, split: str, prefixed: str = "") -> str:
        """Manifest of one tokenised data set, next to its tokens (``.arrow``).

        ``prefixed`` is the protocol whose prefixes its sentences have.
        """
        name = f"{split}-{prefixed}" if prefixed else split
        return f"{self.root}/tokens/{base}/{task}/{language}/{name}.json"

    def tokenizer(self, base: str) -> str:
        """Manifest of a base model's tokenizer."""
        return f"{self.root}/bases/{base}/tokenizer/manifest.json"

    def base(self, base: str) -> str:
        """Manifest of a base model."""
        return f"{self.root}/bases/{base}/model/manifest.json"

    def intermediate(self, base: str, seed: int, stages: tuple[str, ...]) -> str:
        """Manifest of the model after intermediate stages; of the base for an empty chain."""
        if not stages:
            return self.base(base)
        return f"{self.root}/intermediate/{base}/seed-{seed}/{chain_label(stages)}/manifest.json"

    def cell(self, product: str, base: str, seed: int, stages: tuple[str, ...], target: str) -> str:
        """``results/STUDY/PRODUCT/BASE/seed-SEED/CHAIN/TARGET``."""
        return f"{self.root}/{product}/{base}/seed-{seed}/{chain_label(stages)}/{target}"

    def target(self, base: str, seed: int, stages: tuple[str, ...], target: str) -> str:
        """Manifest of the model after the target stage."""
        return f"{self.cell('target', base, seed, stages, target)}/manifest.json"

    def prediction(
        self, base: str, seed: int, stages: tuple[str, ...], target: str, language: str
    ) -> str:
        """Predictions of one language of one cell."""
        return f"{self.cell('predictions', base, seed, stages, target)}/{language}.parquet"

    def scores(self, base: str, seed: int, stages: tuple[str, ...], target: str) -> str:
        """Scores of one cell, all languages."""
        return f"{self.cell('scores', base, seed, stages, target)}.parquet"

    def trivial_baselines(self, target: str) -> str:
        """Scores of a target's trivial baselines."""
        return f"{self.root}/trivial_baselines/{target}.parquet"

    def submission(self, base: str, seed: int, stages: tuple[str, ...]) -> str:
        """Manifest of a chain's predictions in XTREME's layout."""
        return f"{self.root}/submission/{base}/seed-{seed}/{chain_label(stages)}/manifest.json"

    @property
    def data_check(self) -> str:
        """File written once every data set of the study has been read without error."""
        return f"{self.root}/data/checked.json"

    @property
    def checksums(self) -> str:
        """Checksums of the study's files outside ``results/``."""
        return f"{self.root}/checksums.jsonl"

    @property
    def failures(self) -> str:
        """Folder with a record of each job that is running, failed or was killed."""
        return f"{self.root}/failures"

    @property
    def tables(self) -> str:
        """Folder of the tables of this view."""
        return f"{self.root}/tables/{self.view}".rstrip("/")

    @property
    def overlap(self) -> str:
        """Table of the overlap audit."""
        return f"{self.root}/tables/overlap.csv"

    @property
    def figures(self) -> str:
        """Folder of the report's figures."""
        return f"{self.root}/figures"

    @property
    def report(self) -> str:
        """The report, one HTML file."""
        return f"{self.root}/report.html"


def data_file(manifest: str) -> str:
    """Return the data file that a data or token manifest describes."""
    suffix = ".arrow" if "/tokens/" in manifest else ".parquet"
    return str(Path(manifest).with_suffix(suffix).as_posix())


def study_root(product_file: str) -> Path:
    """Return ``results/STUDY`` of a file below it."""
    return Path(*Path(product_file).parts[:2])


def product(product_file: str) -> str:
    """Return the name of the product that a file belongs to.

    It is the path below ``results/STUDY`` without suffix, or the folder of a ``manifest.json``. The
    languages of a cell's predictions are one product.
    """
    path = Path(*Path(product_file).parts[2:])
    if path.name == "manifest.json" or (path.parts[0] == "predictions" and len(path.parts) == 6):
        return path.parent.as_posix()
    return path.with_suffix("").as_posix() if path.suffix in SUFFIXES else path.as_posix()


def input_name(file: str) -> str:
    """Return the name of an input in an identity.

    It is the input's product, with the language for predictions, or the name of an original file.
    """
    if not file.startswith("results/"):
        return Path(file).name
    name = product(file)
    return f"{name}/{Path(file).stem}" if name.startswith("predictions/") else name


def input_names(files: Iterable[str]) -> dict[str, str]:
    """Return name in an identity to file, for several inputs; folders disambiguate equal names."""
    named: dict[str, str] = {}
    for file in dict.fromkeys(files):
        name, parents = input_name(file), list(Path(file).parent.parts)
        while name in named:
            name = f"{parents.pop()}/{name}"
        named[name] = file
    return named


def outside_results(files: Iterable[str]) -> dict[str, str]:
    """Return name in an identity to file, for those files that the workflow does not make."""
    others = [file for file in files if Path(file).parts[:1] != ("results",)]
    return input_names(others)
