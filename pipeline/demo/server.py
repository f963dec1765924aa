"""The sample site on loopback: two ports, conditional requests, and a turn that the caller advances."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from types import TracebackType
from urllib.parse import urlsplit

from pipeline.demo.pages import Reply, build

DECLARATIONS = Path(__file__).with_name("sources")
NOT_FOUND = Reply(status=404, body=b"<title>404 Not Found</title><h1>404 Not Found</h1>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request the sample site was asked."""

    server: str
    """a or mirror."""
    method: str
    path: str
    status: int
    """Status it was answered with."""
    headers: tuple[tuple[str, str], ...]
    """Request headers in the order sent."""
    at: float
    """time.time() when the answer went out."""


class SampleSite:
    """Both servers for the length of a `with`; bound to 127.0.0.1 only.

    `base` and `mirror` are the addresses without a trailing slash; `turn` is 1 or 2 and decides what the
    pages say; `log` holds every request in order.
    """

    def __init__(self, port: int = 0) -> None:
        """Bind `port` and the next one, so that addresses last from run to run; 0: any two free ones."""
        self.log: list[Request] = []
        self._servers = {
            "a": _server(port, self, "a"),
            "mirror": _server(port + 1 if port else 0, self, "mirror"),
        }
        self.base = f"http://127.0.0.1:{self._servers['a'].server_address[1]}"
        self.mirror = f"http://127.0.0.1:{self._servers['mirror'].server_address[1]}"
        self._threads: list[threading.Thread] = []
        self.turn = 1

    @property
    def turn(self) -> int:
        """Which state of the pages is served."""
        return self._turn

    @turn.setter
    def turn(self, turn: int) -> None:
        if turn not in (1, 2):
            raise ValueError(f"the sample site has turns 1 and 2, not {turn!r}")
        self._pages = build(turn, self.base, self.mirror)
        self._turn = turn

    def reply(self, server: str, path: str) -> Reply:
        """What stands at a path now."""
        return self._pages[server].get(urlsplit(path).path, NOT_FOUND)

    def __enter__(self) -> SampleSite:
        for server in self._servers.values():
            thread = threading.Thread(
                target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
            )
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers.values():
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()


def write_sources(folder: Path, site: SampleSite) -> None:
    """Write the sample site's source declarations, one TOML file a source, its addresses filled in."""
    folder.mkdir(parents=True, exist_ok=True)
    for declaration in sorted(DECLARATIONS.glob("*.toml")):
        text = Template(declaration.read_text("utf-8")).substitute(base=site.base, mirror=site.mirror)
        (folder / declaration.name).write_text(text, "utf-8")


def _server(port: int, site: SampleSite, name: str) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        server_version = "SampleSite"
        sys_version = ""
        timeout = 30

        def do_GET(self) -> None:
            reply = site.reply(name, self.path)
            fresh = _is_fresh(reply, self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since"))
            status = 304 if fresh else reply.status
            asked = tuple(self.headers.items())
            site.log.append(
                Request(
                    server=name,
                    method=self.command,
                    path=self.path,
                    status=status,
                    headers=asked,
                    at=time.time(),
                )
            )
            self.send_response(status)
            for header, value in reply.headers().items():
                if not (fresh and header == "Content-Type"):
                    self.send_header(header, value)
            if not fresh:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if not fresh and self.command == "GET":
                self.wfile.write(reply.body)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the requests stand in `SampleSite.log`."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def _is_fresh(reply: Reply, etags: str | None, since: str | None) -> bool:
    """Whether a conditional request is answered by 304 (RFC 9110 §13.2.2: ETag goes before the date)."""
    if reply.status != 200 or reply.changed is None:
        return False
    etag = reply.headers().get("ETag")
    if etags is not None and etag:
        return etag in [tag.strip().removeprefix("W/") for tag in etags.split(",")]
    if since is None:
        return False
    try:
        return reply.changed <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False
