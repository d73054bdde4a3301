"""A checkpoint folder from elsewhere, and code in it that would leave a mark if it ran."""

from __future__ import annotations

import json
from pathlib import Path

from xstilts.jobs.base import import_base

CODE = """from pathlib import Path
Path({marker!r}).touch()
from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizer
class Config(PretrainedConfig):
    model_type = "mine"
class Model(PreTrainedModel):
    config_class = Config
class Tokenizer(PreTrainedTokenizer):
    pass
"""
AUTO = {
    "AutoConfig": "mine.Config",
    "AutoModel": "mine.Model",
    "AutoModelForSeq2SeqLM": "mine.Model",
    "AutoTokenizer": ["mine.Tokenizer", None],
}


def change(file: Path, **values: object) -> None:
    """Set keys of a JSON file; None removes one."""
    content = json.loads(file.read_text()) if file.is_file() else {}
    content |= values
    file.write_text(json.dumps({key: v for key, v in content.items() if v is not None}))


def import_into(folder: Path, out: Path) -> None:
    identity = {"path": str(folder), "hub": None, "revision": None}
    import_base(
        identity, tokenizer=out / "tokenizer/manifest.json", model=out / "model/manifest.json"
    )


def with_code(folder: Path) -> Path:
    """Add Python files that every automatic class of transformers would run; returns the marker."""
    marker = folder.parent / "executed"
    (folder / "mine.py").write_text(CODE.format(marker=str(marker)))
    change(folder / "config.json", auto_map=AUTO)
    change(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": AUTO["AutoTokenizer"]})
    return marker
