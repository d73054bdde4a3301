"""A server on this machine that speaks the hub's layout, for one repository or several.

It answers the calls that downloads make: ``/api/KIND/REPO/revision/REV`` (the commit),
``/api/KIND/REPO/tree/REV`` (the files) and ``/datasets/REPO/resolve/REV/PATH`` or, of a model,
``/REPO/resolve/REV/PATH`` (a file, or the rest of one). And those of uploads of small files to
models: ``/api/repos/create``, ``/api/validate-yaml`` (of the card),
``/api/models/REPO/preupload/REV`` and ``/api/models/REPO/commit/REV``. Faults are planned by
repository (of the commit's call) or path (of a file's content, or an upload's call) and happen once
each, in order.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMMIT = "c" * 40


def git_blob(content: bytes) -> str:
    """Git's id of a content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def in_large_storage(path: str) -> bool:
    """Whether the hub keeps a file outside git."""
    return path.endswith((".parquet", ".safetensors", ".bin"))


def checksum(path: str, content: bytes) -> str:
    """What the hub says of a file's content."""
    return hashlib.sha256(content).hexdigest() if in_large_storage(path) else git_blob(content)


class Hub:
    """Repositories, and what the server was asked."""

    def __init__(self) -> None:
        self.files: dict[str, dict[str, bytes]] = {}
        self.branches: dict[str, str] = {"main": COMMIT}
        self.faults: dict[str, list[Any]] = {}
        self.gated: set[str] = set()
        self.writers: set[str] = set()
        """Tokens that may upload."""
        self.commits: list[str] = []
        """Messages of the uploads."""
        self.requests: list[tuple[str, str, str | None]] = []
        self.url = ""

    def add(self, repo: str, folder: Path) -> None:
        """Serve the files of a folder as a repository."""
        paths = (path for path in folder.rglob("*") if path.is_file())
        self.files[repo] = {p.relative_to(folder).as_posix(): p.read_bytes() for p in paths}

    def asked(self, part: str) -> list[tuple[str, str, str | None]]:
        """Method, path and Range of the requests whose path has ``part``."""
        return [request for request in self.requests if part in request[1]]

    def listing(self, repo: str) -> list[dict[str, Any]]:
        """The files of a repository, as the hub lists them."""
        found = []
        for path, content in self.files[repo].items():
            item = {"type": "file", "path": path, "size": len(content), "oid": git_blob(content)}
            if in_large_storage(path):
                item["lfs"] = {"oid": checksum(path, content), "size": len(content)}
                item["lfs"]["pointerSize"] = 130
            found.append(item)
        return found


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, hub: Hub, *args: Any) -> None:
        self.hub = hub
        super().__init__(*args)  # it answers

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append((self.command, path, self.headers.get("Range")))
        if match := re.fullmatch(r"/api/(?:datasets|models)/([^/]+/[^/]+)/revision/(.+)", path):
            self.info(*match.groups())
        elif match := re.fullmatch(r"/api/(?:datasets|models)/([^/]+/[^/]+)/tree/(.+)", path):
            self.tree(*match.groups())
        elif match := re.fullmatch(r"(?:/datasets)?/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self.resolve(*match.groups())
        else:
            self.refuse(404, "RepoNotFound")

    def do_POST(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append((self.command, path, None))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if fault := self.planned(path):
            return self.refuse(fault)
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in self.hub.writers:
            return self.refuse(401)
        if path == "/api/repos/create":
            asked = json.loads(body)
            repo = f"{asked['organization']}/{asked['name']}"
            self.hub.files.setdefault(repo, {})
            return self.send_json(
                {"url": f"{self.hub.url}/{repo}", "private": asked.get("private", False)}
            )
        if path == "/api/validate-yaml":
            return self.send_json({"errors": [], "warnings": []})
        repo, call, _ = re.fullmatch(r"/api/models/([^/]+/[^/]+)/(\w+)/(.+)", path).groups()
        if call == "preupload":
            paths = [file["path"] for file in json.loads(body)["files"]]
            regular = {"uploadMode": "regular", "shouldIgnore": False}
            return self.send_json({"files": [{"path": path, **regular} for path in paths]})
        header, *rest = (json.loads(line) for line in body.splitlines())
        self.hub.commits.append(header["value"]["summary"])
        for item in rest:
            assert (item["key"], item["value"]["encoding"]) == ("file", "base64")
            content = base64.b64decode(item["value"]["content"])
            self.hub.files[repo][item["value"]["path"]] = content
        self.send_json({"commitUrl": f"{self.hub.url}/{repo}/commit/{COMMIT}", "commitOid": COMMIT})

    def info(self, repo: str, revision: str) -> None:
        if fault := self.planned(repo):
            return self.refuse(fault)
        if self.known(repo, revision):
            found = {"id": repo, "sha": COMMIT, "siblings": [], "private": False, "tags": []}
            self.send_json(found)

    def tree(self, repo: str, revision: str) -> None:
        if self.known(repo, revision):
            self.send_json(self.hub.listing(repo))

    def known(self, repo: str, revision: str) -> bool:
        """Whether there is such a revision; refuses what is not there."""
        if repo not in self.hub.files:
            self.refuse(404, "RepoNotFound")
        elif revision not in {*self.hub.branches, COMMIT}:
            self.refuse(404, "RevisionNotFound")
        else:
            return True
        return False

    def send_json(self, value: Any) -> None:
        self.send(json.dumps(value).encode(), {"Content-Type": "application/json"})

    def resolve(self, repo: str, revision: str, path: str) -> None:
        if repo in self.hub.gated:
            return self.refuse(403, "GatedRepo")
        fault = self.planned(path) if self.command == "GET" else None
        if isinstance(fault, int):
            return self.refuse(fault, "EntryNotFound" if fault == 404 else "")
        if path not in self.hub.files.get(repo, {}):
            return self.refuse(404, "EntryNotFound")
        content = self.hub.files[repo][path]
        headers = {
            "ETag": f'"{checksum(path, content)}"',
            "X-Repo-Commit": COMMIT,
            "Accept-Ranges": "bytes",
        }
        if fault == "damaged":
            content = bytes([content[0] ^ 1]) + content[1:]
        status = 200
        if asked := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or ""):
            start, status = int(asked[1]), 206
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            content = content[start:]
        self.send(content, headers, status, cut=fault == "cut")

    def planned(self, key: str) -> Any:
        faults = self.hub.faults.get(key)
        return faults.pop(0) if faults else None

    def refuse(self, status: int, code: str = "") -> None:
        self.send(b"", {"X-Error-Code": code, "X-Repo-Commit": COMMIT}, status)

    def send(
        self, body: bytes, headers: dict[str, str], status: int = 200, *, cut: bool = False
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.close_connection = True


@contextlib.contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Serve on a free port of this machine until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, hub))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
