"""Downloads a file from a URL with pooch; resumes cut transfers, and explains failures."""

from __future__ import annotations

import errno
import logging
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pooch
import requests

from xstilts.errors import UserError
from xstilts.files import sha256_of
from xstilts.progress import Progress, seconds_left
from xstilts.retries import FULL, TRANSIENT, TransientError, with_retries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CHUNK = 1 << 16
TIMEOUT = (30.0, 120.0)
"""Seconds to wait for a connection, and for the next bytes."""
MEGABYTE = 1e6

_READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}
_HTML = (b"<!doctype html", b"<html")


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file to download."""

    url: str
    """Address of the release."""
    actual: str
    """Address that is asked: ``url``, or its mirror."""
    sha256: str
    """Expected checksum; empty if unknown."""
    known_from: str
    """Where the expected checksum comes from, for the message if it differs."""
    size: int
    """Bytes; 0 if unknown."""
    advice: str
    """How to do without the download, a sentence."""

    def __str__(self) -> str:
        """The name that messages use."""
        return self.url if self.url == self.actual else f"{self.url} (from {self.actual})"


def download(wanted: Download, target: Path, report: Callable[[Progress], None]) -> None:
    """Download a file, unless an earlier transfer has finished it.

    A transfer that is cut is kept as ``target.part`` and resumed, by this or a later call, if the
    server can send the rest of the same file.

    Args:
        wanted: what to download.
        target: the file to write.
        report: receives the progress.

    Raises:
        UserError: no such file, no access, a web page instead of the file, another checksum, a full
            or read-only disk, or a transfer that fails on every retry; says what to do.
    """
    pooch.get_logger().setLevel(logging.WARNING)
    transfer = _Transfer(wanted, target.with_name(f"{target.name}.part"), report)

    def retrieve() -> None:
        _require_space(wanted, transfer.part)
        pooch.retrieve(
            wanted.actual,
            known_hash=wanted.sha256 or None,
            fname=target.name,
            path=target.parent,
            downloader=transfer,
        )

    def gave_up(attempts: int, reason: str) -> UserError:
        return UserError(
            f"{wanted}: {attempts} attempts failed; the last one: {reason}. Check the connection "
            "(and proxy) and run again, which resumes the transfer if the server allows it. "
            f"{wanted.advice}"
        )

    with_retries(retrieve, str(wanted), lambda error: _explained(error, wanted, transfer), gave_up)


class _Transfer:
    """The downloader for pooch: one attempt, from where the last one was cut."""

    def __init__(self, wanted: Download, part: Path, report: Callable[[Progress], None]) -> None:
        self._wanted, self.part, self._report = wanted, part, report
        # ETag or date of the file that the part belongs to
        self._version = part.with_name(f"{part.name}.version")
        self.found: list[str] = []
        """Checksums of complete transfers."""

    def __call__(self, url: str, output_file: str, pooch: object) -> None:
        """Write the file at a URL to ``output_file``."""
        with requests.get(url, headers=self._headers(), stream=True, timeout=TIMEOUT) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                self._discard()
                raise TransientError("the server refuses to send the rest of the file")
            response.raise_for_status()
            self._receive(response)
        try:
            _require_no_web_page(self.part, self._wanted)
        except UserError:
            self._discard()
            raise
        self.found.append(sha256_of(self.part))
        self._version.unlink(missing_ok=True)
        self.part.replace(output_file)

    def _headers(self) -> dict[str, str]:
        # without compression, which would make sizes differ
        headers = {"Accept-Encoding": "identity"}
        if self.part.is_file() and self._version.is_file():
            headers["Range"] = f"bytes={self.part.stat().st_size}-"
            headers["If-Range"] = self._version.read_text(encoding="utf-8")
        return headers

    def _receive(self, response: requests.Response) -> None:
        resumed = response.status_code == requests.codes.partial_content
        start = self.part.stat().st_size if resumed else 0
        if resumed and not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            self._discard()
            raise TransientError("the server sends another part of the file")
        if not resumed:
            self._discard()
            # a weak ETag does not promise equal bytes
            etag = response.headers.get("ETag", "")
            version = "" if etag.startswith("W/") else etag
            if version := version or response.headers.get("Last-Modified", ""):
                self._version.write_text(version, encoding="utf-8")
        encoded = response.headers.get("Content-Encoding", "identity") != "identity"
        length = 0 if encoded else int(response.headers.get("Content-Length", 0))
        total = start + length if length else 0
        done, started = start, time.monotonic()
        with self.part.open("ab") as stream:
            for chunk in response.iter_content(CHUNK):
                stream.write(chunk)
                done += len(chunk)
                left = seconds_left(done - start, total - start, time.monotonic() - started)
                self._report(_progress(done, total or self._wanted.size, left))
        if total and done != total:
            raise TransientError(f"the transfer was cut after {done:,} of {total:,} bytes")

    def _discard(self) -> None:
        self.part.unlink(missing_ok=True)
        self._version.unlink(missing_ok=True)


def _progress(done: int, total: int, left: float) -> Progress:
    whole = max(done, total)
    return Progress(
        round(done / MEGABYTE), max(1, round(whole / MEGABYTE)), "MB", "downloaded", max(0.0, left)
    )


def _require_no_web_page(file: Path, wanted: Download) -> None:
    """Raise a UserError for a page that a site sends instead of a file that it lacks or guards."""
    with file.open("rb") as stream:
        start = stream.read(512)
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_HTML):
        raise UserError(
            f"{wanted}: the server sends a web page (HTML), not the file: it has moved, or the "
            f"site asks for a login, or a proxy answers. Open the address in a browser. "
            f"{wanted.advice}"
        )


def _require_space(wanted: Download, part: Path) -> None:
    part.parent.mkdir(parents=True, exist_ok=True)
    received = part.stat().st_size if part.is_file() else 0
    if shutil.disk_usage(part.parent).free < wanted.size - received:
        raise OSError(errno.ENOSPC, "no space left")


def explain_disk(error: OSError, folder: Path, what: object) -> UserError | None:
    """Return the error for a full or read-only disk; None for another failure.

    Args:
        error: raised while a file was written.
        folder: of the file.
        what: the download, for the message.
    """
    numbers = {cause.errno for cause in _causes(error) if isinstance(cause, OSError)}
    other = "set `release_cache` to a folder on another disk"
    if numbers & FULL:
        return UserError(
            f"{what}: no space left in {folder}. Free some space, or {other}, and run again. What "
            "is complete is kept."
        )
    if numbers & _READ_ONLY:
        return UserError(f"{what}: {folder} cannot be written. Change its permissions, or {other}.")
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _explained(error: Exception, wanted: Download, transfer: _Transfer) -> Exception:
    """Convert an error to a UserError that says what to do, or to a TransientError."""
    if isinstance(error, requests.HTTPError):
        return _from_status(getattr(error.response, "status_code", 0), wanted)
    if isinstance(error, requests.RequestException) and isinstance(error, ValueError):
        return UserError(f"{wanted}: not a valid URL ({error}). Correct `url_mirrors`.")
    if isinstance(error, requests.RequestException):
        return TransientError(f"{type(error).__name__}: {error}".splitlines()[0])
    if isinstance(error, ValueError) and transfer.found:
        return _another_file(wanted, transfer.found)
    if isinstance(error, OSError):
        return explain_disk(error, transfer.part.parent, wanted) or error
    return error


def _another_file(wanted: Download, found: list[str]) -> Exception:
    """The error for a checksum that differs; a damaged transfer is not damaged twice alike."""
    if len(found) < 2 or found[-1] != found[-2]:
        return TransientError(f"the download has SHA-256 {found[-1]}, not {wanted.sha256}")
    return UserError(
        f"{wanted}: the file has changed. Its SHA-256 is {found[-1]}; {wanted.known_from} is "
        f"{wanted.sha256}. Numbers from another file are not comparable, so it is not used. "
        f"{wanted.advice}"
    )


def _from_status(status: int, wanted: Download) -> Exception:
    if status in TRANSIENT:
        return TransientError(f"HTTP status {status}")
    reasons = {401: "asks for a login", 403: "refuses access", 404: "has no such file"}
    reason = reasons.get(status, "does not send the file")
    return UserError(
        f"{wanted}: the server {reason} (HTTP status {status}). Open the address in a browser. "
        f"{wanted.advice}"
    )
