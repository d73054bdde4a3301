"""A server on this machine that has files under their official addresses, ``/HOST/PATH``.

A study is sent to it by ``url_mirrors: {"https://": URL/}``. It resumes transfers as most sites do:
``Range`` with ``If-Range``, by ETag. Faults are planned by path and happen once each, in order.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import re
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Site:
    """Files by address without ``https://``, and what the server was asked."""

    def __init__(self, files: Mapping[str, bytes] = {}) -> None:
        self.files = dict(files)
        self.faults: dict[str, list[Any]] = {}
        """Path to HTTP status codes, ``cut`` (half of the content), ``damaged``, ``html``, or a
        function that is called before the answer."""
        self.asked: list[tuple[str, str | None]] = []
        """Path and Range of each request."""
        self.url = ""

    @property
    def mirrors(self) -> dict[str, str]:
        """The value of ``url_mirrors``."""
        return {"https://": f"{self.url}/", "http://": f"{self.url}/"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, site: Site, *args: Any) -> None:
        self.site = site
        super().__init__(*args)  # it answers

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        path = self.path.lstrip("/")
        self.site.asked.append((path, self.headers.get("Range")))
        faults = self.site.faults.get(path)
        fault = faults.pop(0) if faults else None
        if callable(fault):
            fault()
        if fault == "html":
            return self.send(200, b"\n<!DOCTYPE html><title>Sign in</title>", {})
        if isinstance(fault, int) or path not in self.site.files:
            return self.send(fault if isinstance(fault, int) else 404, b"", {})
        content = self.site.files[path]
        if fault == "damaged":
            content = bytes([content[0] ^ 1]) + content[1:]
        etag = f'"{hashlib.md5(content).hexdigest()}"'
        headers, status = {"ETag": etag}, 200
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        if asked and self.headers.get("If-Range") == etag:
            start, status = int(asked[1]), 206
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            content = content[start:]
        return self.send(status, content, headers, cut=fault == "cut")

    def send(self, status: int, body: bytes, headers: dict[str, str], *, cut: bool = False) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = self.close_connection or cut


@contextlib.contextmanager
def serving(site: Site) -> Iterator[Site]:
    """Serve on a free port of this machine until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, site))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(members: Mapping[str, bytes], compression: str = "gz") -> bytes:
    """A tar archive, compressed with ``gz``, ``bz2`` or ``xz``."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=f"w:{compression}") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()
