"""A corpus served on loopback: a web server with and without byte ranges, and an S3."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Served:
    """A folder on loopback; what it does may change while it runs."""

    url: str = ""
    ranges: bool = True
    lists: bool = True
    denies: bool = False
    answer: dict[str, Callable[[bytes], bytes | int]] = field(default_factory=dict)
    """End of a path → what becomes of its bytes; a number: this status instead."""
    log: list[tuple[str, str, int]] = field(default_factory=list)
    """(method, path, bytes sent) of every request."""

    def sent(self, ending: str) -> int:
        """Bytes sent of files that end so."""
        return sum(size for _, path, size in self.log if path.endswith(ending))


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *args: Any, served: Served, **kwargs: Any) -> None:
        self.served = served
        super().__init__(*args, **kwargs)

    def do_HEAD(self) -> None:
        self._serve(with_body=False)

    def do_PUT(self) -> None:
        self._fail(HTTPStatus.FORBIDDEN if self.served.denies else HTTPStatus.METHOD_NOT_ALLOWED)

    def do_GET(self) -> None:
        self._serve(with_body=True)

    def _serve(self, with_body: bool) -> None:
        path = Path(self.translate_path(self.path))
        if self.served.denies:
            self._fail(HTTPStatus.FORBIDDEN)
            return
        if path.is_dir() and self.served.lists:
            self._send(self._links(path), with_body, "text/html")
        elif not path.is_file():
            self._fail(HTTPStatus.NOT_FOUND)
        else:
            data: bytes | int = path.read_bytes()
            for ending, change in self.served.answer.items():
                if self.path.endswith(ending) and isinstance(data, bytes):
                    data = change(data)
            if isinstance(data, int):
                self._fail(data)
            else:
                self._send(data, with_body)

    @staticmethod
    def _links(path: Path) -> bytes:
        return "".join(
            f'<a href="{name}">{name}</a>' for name in sorted(p.name for p in path.iterdir())
        ).encode()

    def _fail(self, status: int) -> None:
        self.served.log.append((self.command, self.path, 0))
        self.send_error(status)

    def _send(self, data: bytes, with_body: bool, kind: str = "application/octet-stream") -> None:
        said = self.headers.get("Range")
        status = HTTPStatus.OK
        whole = len(data)
        extra = {"Accept-Ranges": "bytes" if self.served.ranges else "none"}
        if said and self.served.ranges:
            first, _, last = said.removeprefix("bytes=").partition("-")
            start, stop = int(first), min(int(last or whole - 1), whole - 1)
            data, status = data[start : stop + 1], HTTPStatus.PARTIAL_CONTENT
            extra["Content-Range"] = f"bytes {start}-{stop}/{whole}"
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **extra}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(data)
        self.served.log.append((self.command, self.path, len(data) if with_body else 0))

    def log_message(self, format: str, *args: Any) -> None:
        """Tests read the log of `served`."""


@contextmanager
def web(folder: Path) -> Iterator[Served]:
    """Serve a folder over HTTP."""
    served = Served()
    with ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(_Handler, served=served, directory=str(folder))
    ) as server:
        served.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()


BUCKET = "corpora"
"""The one bucket of the S3 on loopback."""


@contextmanager
def s3() -> Iterator[str]:
    """An S3 on loopback (moto) with one bucket; its address. The environment points at it meanwhile."""
    import boto3
    import s3fs
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    known = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    before = {name: os.environ.get(name) for name in known}
    os.environ.update(known)
    s3fs.S3FileSystem.clear_instance_cache()
    try:
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield known["AWS_ENDPOINT_URL"]
    finally:
        server.stop()
        s3fs.S3FileSystem.clear_instance_cache()
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
