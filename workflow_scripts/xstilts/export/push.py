"""Upload of an exported folder to a repository of the hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from huggingface_hub import HfApi, constants
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]

from xstilts import retries
from xstilts.errors import UserError
from xstilts.hub import Repository, explained
from xstilts.names import repository_name

if TYPE_CHECKING:
    from pathlib import Path


def require_repository(name: str) -> str:
    """Return the name of a repository to push to.

    Raises:
        UserError: not ``OWNER/NAME``, or the hub is not to be used (``HF_HUB_OFFLINE``).
    """
    try:
        repository_name(name)
    except ValueError as error:
        raise UserError(f"--push: {error}.") from None
    if constants.HF_HUB_OFFLINE:
        raise UserError(_offline(name))
    return name


def push(folder: Path, name: str, *, private: bool, message: str) -> str:
    """Upload all files of a folder in one commit, and return the repository's address.

    The repository is made if it does not exist. Files that it has and the folder has not are kept.

    Args:
        folder: the exported folder.
        name: ``OWNER/NAME``.
        private: whether a new repository is private.
        message: of the commit.

    Raises:
        UserError: no access, the hub refuses the files, or each attempt fails.
    """
    disable_progress_bars()

    def upload() -> str:
        api = HfApi()
        api.create_repo(name, repo_type="model", private=private, exist_ok=True)
        api.upload_folder(repo_id=name, folder_path=folder, commit_message=message)
        return f"{constants.ENDPOINT}/{name}"

    def gave_up(attempts: int, reason: str) -> UserError:
        return UserError(
            f"{name}: {attempts} attempts to upload to {constants.ENDPOINT} failed; the last one: "
            f"{reason}. {folder} is complete: upload it later with `hf upload {name} {folder}`."
        )

    return retries.with_retries(
        upload, name, lambda error: _explained(error, name, folder), gave_up
    )


def _explained(error: Exception, name: str, folder: Path) -> Exception:
    """Return a UserError that says what to do, or an error that is worth a retry."""
    if isinstance(error, OfflineModeIsEnabled):
        return UserError(_offline(name))
    if isinstance(error, ValueError):
        # the hub refuses the card's metadata, such as the name of a licence
        return UserError(f"{name}: {' '.join(str(error).split())}. {folder} is complete.")
    found = explained(error, Repository(name=name))
    status = error.response.status_code if isinstance(error, HfHubHTTPError) else None
    if isinstance(found, UserError) and status is not None:
        why = (
            f"access is refused. Set HF_TOKEN to a token that may write to {name} (or run "
            "`hf auth login`), and check the owner's name"
            if status in (401, 403, 404)
            else f"the hub answers: {error!s:.200}"
        )
        return UserError(f"{name} (HTTP status {status}): {why}. {folder} is complete.")
    return found


def _offline(name: str) -> str:
    return f"--push {name}: HF_HUB_OFFLINE forbids the network. Unset it for this command."
