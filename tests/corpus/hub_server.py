"""A stand-in for the Hugging Face hub on loopback: the part of its API that its own client asks of it in an export.

Written from what `huggingface_hub` sends and expects, not from the hub: what the real one refuses is not known here.
Files whose name ends so are large (LFS, sent by its `basic` transfer): `.parquet`, `.npy`, as the hub's defaults say.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

REPOSITORY = "somebody/zh"
LARGE = (".parquet", ".npy")


@dataclass(slots=True)
class Hub:
    """The one repository of a hub."""

    url: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    """SHA-256 → the bytes of a large file."""
    commits: list[dict[str, bytes | str]] = field(
        default_factory=lambda: [{".gitattributes": b"*.parquet lfs\n"}]
    )
    """Path → bytes, or the SHA-256 of a large file; the last one is main."""
    tags: dict[str, int] = field(default_factory=dict)
    """Tag → number of a commit."""
    puts: list[str] = field(default_factory=list)
    """Large files sent, by their sum."""
    fails: str = ""
    """A request whose path ends so is answered by 403."""

    def at(self, revision: str) -> dict[str, bytes | str] | None:
        """The files of a revision."""
        if revision == "main":
            return self.commits[-1]
        return self.commits[self.tags[revision]] if revision in self.tags else None

    def bytes_of(self, revision: str) -> dict[str, bytes]:
        """Path → bytes of a revision, without the hub's own files; KeyError where a large file is gone."""
        files = (self.at(revision) or {}).items()
        return {p: self.objects[v] if isinstance(v, str) else v for p, v in files if p[0] != "."}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *args: Any, hub: Hub, **kwargs: Any) -> None:
        self.hub = hub
        super().__init__(*args, **kwargs)

    def _answer(self, said: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        data = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _missing(self, code: str) -> None:
        self._answer({"error": code}, 404, {"X-Error-Code": code})

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = unquote(urlsplit(self.path).path)
        api = f"/api/datasets/{REPOSITORY}"
        if self.hub.fails and path.endswith(self.hub.fails):
            self._answer({"error": "Forbidden: you cannot write here"}, 403)
        elif path == "/api/validate-yaml":
            self._answer({"errors": [], "warnings": []})
        elif path.startswith(f"{api}/") or path == api:
            word, _, rest = path.removeprefix(api).lstrip("/").partition("/")
            getattr(self, f"_{self.command.lower()}_{word.replace('-', '_') or 'info'}")(rest, body)
        elif path == f"/datasets/{REPOSITORY}.git/info/lfs/objects/batch":
            self._answer(
                {"transfer": "basic", "objects": [self._wanted(o) for o in json.loads(body)["objects"]]}
            )
        elif path.startswith("/upload/"):
            oid = path.rpartition("/")[2]
            assert hashlib.sha256(body).hexdigest() == oid
            self.hub.objects[oid] = body
            self.hub.puts.append(oid)
            self._answer({})
        elif path.startswith(f"/datasets/{REPOSITORY}/resolve/"):
            self._resolve(path.removeprefix(f"/datasets/{REPOSITORY}/resolve/"))
        else:
            self._missing("RepoNotFound")

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815  the names that http.server asks for

    def _wanted(self, each: dict[str, Any]) -> dict[str, Any]:
        said = {"oid": each["oid"], "size": each["size"]}
        if each["oid"] not in self.hub.objects:
            said["actions"] = {"upload": {"href": f"{self.hub.url}/upload/{each['oid']}"}}
        return said

    def _entry(self, path: str, value: bytes | str) -> dict[str, Any]:
        data = self.hub.objects.get(value, b"") if isinstance(value, str) else value
        oid = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        large = (
            {"lfs": {"oid": value, "size": len(data), "pointerSize": 134}} if isinstance(value, str) else {}
        )
        return {"type": "file", "path": path, "size": len(data), "oid": oid, **large}

    def _get_info(self, rest: str, body: bytes) -> None:
        self._answer({"id": REPOSITORY, "sha": "0" * 40, "siblings": []})

    def _get_revision(self, rest: str, body: bytes) -> None:
        if self.hub.at(rest) is None:
            self._missing("RevisionNotFound")
        else:
            self._get_info(rest, body)

    def _get_refs(self, rest: str, body: bytes) -> None:
        def ref(name: str, kind: str) -> dict[str, str]:
            return {"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": "0" * 40}

        tags = [ref(tag, "tags") for tag in self.hub.tags]
        self._answer({"branches": [ref("main", "heads")], "converts": [], "tags": tags})

    def _get_tree(self, rest: str, body: bytes) -> None:
        revision, _, below = rest.partition("/")
        files = self.hub.at(revision)
        if files is None:
            self._missing("RevisionNotFound")
            return
        self._answer([self._entry(p, v) for p, v in files.items() if p.startswith(below)])

    def _post_paths_info(self, rest: str, body: bytes) -> None:
        files = self.hub.at(rest)
        if files is None:
            self._missing("RevisionNotFound")
            return
        said = json.loads(body) if body.startswith(b"{") else {}
        self._answer([self._entry(p, files[p]) for p in said.get("paths", []) if p in files])

    def _post_preupload(self, rest: str, body: bytes) -> None:
        files = [
            {
                "path": f["path"],
                "uploadMode": "lfs" if f["path"].endswith(LARGE) else "regular",
                "shouldIgnore": False,
            }
            for f in json.loads(body)["files"]
        ]
        self._answer({"files": files})

    def _post_commit(self, rest: str, body: bytes) -> None:
        files = dict(self.hub.commits[-1])
        for line in body.splitlines():
            said = json.loads(line)
            value = said["value"]
            if said["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif said["key"] == "lfsFile":
                assert value["oid"] in self.hub.objects
                files[value["path"]] = value["oid"]
            elif said["key"] == "deletedFile":
                del files[value["path"]]
        self.hub.commits.append(files)
        self._answer({"commitUrl": f"{self.hub.url}/datasets/{REPOSITORY}/commit/1", "commitOid": "1" * 40})

    def _post_tag(self, rest: str, body: bytes) -> None:
        tag = json.loads(body)["tag"]
        if tag in self.hub.tags:
            self._answer({"error": "exists"}, 409)
        else:
            self.hub.tags[tag] = len(self.hub.commits) - 1
            self._answer({})

    def _delete_tag(self, rest: str, body: bytes) -> None:
        del self.hub.tags[rest]
        self._answer({})

    def _get_lfs_files(self, rest: str, body: bytes) -> None:
        self._answer(
            [
                {
                    "fileOid": oid,
                    "filename": "",
                    "oid": oid,
                    "pushedAt": "2026-11-01T00:00:00Z",
                    "size": len(data),
                }
                for oid, data in self.hub.objects.items()
            ]
        )

    def _post_lfs_files(self, rest: str, body: bytes) -> None:
        assert rest == "batch"
        for oid in json.loads(body)["deletions"]["sha"]:
            del self.hub.objects[oid]
        self._answer({})

    def _resolve(self, rest: str) -> None:
        revision, _, path = rest.partition("/")
        files = self.hub.at(revision)
        if files is None or path not in files:
            self._missing("EntryNotFound" if files is not None else "RevisionNotFound")
            return
        value = files[path]
        data = self.hub.objects[value] if isinstance(value, str) else value
        first, _, last = (self.headers.get("Range") or "").removeprefix("bytes=").partition("-")
        if first:
            part = data[int(first) : int(last or len(data)) + 1]
            self._answer(
                part, 206, {"Content-Range": f"bytes {first}-{int(first) + len(part) - 1}/{len(data)}"}
            )
        else:
            self._answer(data, 200, {"ETag": '"x"', "X-Repo-Commit": "0" * 40})

    def log_message(self, format: str, *args: Any) -> None:
        """Tests look at the hub itself."""


@contextmanager
def hub() -> Iterator[Hub]:
    """The stand-in, while a test runs."""
    running = Hub()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, hub=running)) as server:
        running.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield running
        finally:
            server.shutdown()
            thread.join()
