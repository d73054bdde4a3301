"""Types of the study file's texts that become paths or parts of paths."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from pydantic import AfterValidator

from xstilts.names import file_pattern, path_name, repository_name, revision_name, user_path

Language = Annotated[str, AfterValidator(path_name)]
"""Code of a language."""

UserPath = Annotated[str, AfterValidator(user_path)]
"""Path of a file or folder; ``~`` is replaced by the home folder."""

TextPattern = Annotated[str, AfterValidator(partial(file_pattern, keys=("language",)))]
"""Pattern of text files."""

Revision = Annotated[str, AfterValidator(revision_name)]
"""Branch, tag or commit of a repository."""

HubName = Annotated[str, AfterValidator(repository_name)]
"""Repository on the hub."""
