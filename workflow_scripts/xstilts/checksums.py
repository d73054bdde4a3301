"""Checksums of files outside ``results/``: release files, text, checkpoint folders, claims.

The content of such a file decides which products are up to date, whatever its modification time:
unpacked archives keep old times, and a link may point elsewhere. A file is read again only if its
device, inode, size, modification time or change time differ from those of the last reading.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from xstilts.errors import UserError
from xstilts.files import sha256_of

LFS_POINTER = b"version https://git-lfs.github.com/spec/"
"""How the text file begins that Git LFS leaves for a file it has not fetched."""


class Checksums:
    """SHA-256 of files, kept in a file of JSON lines: path, file status, checksum."""

    def __init__(self, file: Path, *, fixed: bool = False) -> None:
        """Read the checksums that are known already.

        Args:
            file: the file of JSON lines; may be missing.
            fixed: return the last checksum of a path without looking at the file, as jobs do: the
                process that started them has looked, and other machines see other device numbers.
        """
        self._file = file
        self._fixed = fixed
        self._known: dict[str, tuple[list[int], str]] = {}
        self._unsaved: list[str] = []
        content = file.read_bytes() if file.is_file() else b""
        for line in content.decode(errors="replace").splitlines():
            # a line that a killed process did not finish, or is damaged, is read as if absent
            with contextlib.suppress(ValueError, TypeError, RecursionError):
                path, status, checksum = json.loads(line)
                self._known[str(path)] = list(status), str(checksum)

    def of(self, path: str | Path) -> str:
        """Return the SHA-256 of a file in hex.

        Raises:
            UserError: the file is missing, or a Git LFS pointer.
        """
        name = str(path)
        if self._fixed and name in self._known:
            return self._known[name][1]
        try:
            status = _status(Path(path))
        except OSError as error:
            raise UserError(f"{path}: cannot be read ({error.strerror}).") from None
        known = self._known.get(name)
        if known and known[0] == status:
            return known[1]
        require_no_pointer(Path(path))
        checksum = sha256_of(Path(path))
        self._known[name] = status, checksum
        if not self._fixed:
            self._unsaved.append(json.dumps([name, status, checksum]))
        return checksum

    def save(self) -> None:
        """Append the new checksums to the file."""
        if not self._unsaved:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        # one write, so that two processes do not mix their lines
        with self._file.open("a", encoding="utf-8") as stream:
            stream.write("".join(f"{line}\n" for line in self._unsaved))
        self._unsaved.clear()


def _status(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def require_no_pointer(path: Path) -> None:
    """Raise a UserError if a file is only a Git LFS pointer to the real one."""
    with path.open("rb") as stream:
        if stream.read(len(LFS_POINTER)) == LFS_POINTER:
            raise UserError(
                f"{path}: a Git LFS pointer instead of the file itself. Run `git lfs pull` in its "
                "repository, or download the file."
            )
