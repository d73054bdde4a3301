"""Downloads of data sets from the hub or by URL, and lookup of the downloaded files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xstilts.errors import UserError
from xstilts.files import sha256_of
from xstilts.identity import digest
from xstilts.manifest import full_identity, read_manifest, write_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xstilts.data.release_cache import ReleaseCache
    from xstilts.progress import Progress


@dataclass(frozen=True, slots=True)
class Download:
    """Files of one repository or release."""

    files: tuple[Path, ...]
    facts: dict[str, Any]
    """``repo``, ``revision`` as requested, and ``commit`` as downloaded; of a release ``archives``,
    each address with its checksum."""


def fetch_data(
    identity: Mapping[str, Any],
    cache: Path,
    manifest: Path,
    releases: ReleaseCache,
    report: Callable[[Progress], None] = lambda _: None,
) -> None:
    """Download the files of a data set; the manifest has the checksum of every file.

    Args:
        identity: declared identity of the downloads (``xstilts.grid.identities.download``).
        cache: folder with the hub's files of all studies, in the layout of ``huggingface_hub``.
        manifest: the manifest to write; its content digest is that of the files.
        releases: folder with the official releases of all studies.
        report: receives the progress of downloads by URL.

    Raises:
        UserError: a file cannot be downloaded; says why and what to do.
    """
    fetched = [
        _from_hub(request, cache) if "repo" in request else _by_url(request, releases, report)
        for request in identity["requests"]
    ]
    write_manifest(
        manifest,
        full_identity(identity, {}),
        files={},
        facts={"cache": str(cache), "repositories": fetched},
        content=digest([item["files"] for item in fetched]),
    )


def _from_hub(request: Mapping[str, Any], cache: Path) -> dict[str, Any]:
    # huggingface_hub takes long to import, and downloaded_files does not need it
    from xstilts.data.downloads import fetch

    fetched = fetch(request["repo"], request["revision"], request["files"], cache)
    return {
        "repo": request["repo"],
        "revision": request["revision"],
        "commit": fetched.commit,
        "folder": fetched.folder.relative_to(cache.resolve()).as_posix(),
        "files": fetched.files,
    }


def _by_url(
    request: Mapping[str, Any], cache: ReleaseCache, report: Callable[[Progress], None]
) -> dict[str, Any]:
    from xstilts.data.release_cache import fetch_release

    fetched = fetch_release(request, cache, report)
    return {"archives": fetched.archives, "cache": str(cache.folder), "files": fetched.files}


def downloaded_files(manifest: Path) -> list[Download]:
    """Return the files of a manifest of downloads, one item per request.

    Raises:
        UserError: a file is no longer in the cache, or has changed since it was downloaded.
    """
    facts = read_manifest(manifest).facts
    found = []
    for item in facts["repositories"]:
        if "archives" not in item and "folder" not in item:
            raise UserError(
                f"{manifest}: written by an earlier version, whose cache had another layout. "
                "Delete it and run again to download these files again."
            )
        folder = Path(item.get("cache", facts["cache"]), item.get("folder", ""))
        for path, checksum in item["files"].items():
            file = folder / path
            if not file.is_file() or sha256_of(file) != checksum:
                raise UserError(
                    f"{file}: {'changed' if file.is_file() else 'missing'} since it was "
                    f"downloaded. Delete {manifest} and run again to download it again."
                )
        described = {
            key: item[key] for key in ("repo", "revision", "commit", "archives") if key in item
        }
        found.append(Download(tuple(folder / path for path in item["files"]), described))
    return found
