"""A real web server on loopback that keeps a log of what it was asked, and when."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

from pipeline import archive
from pipeline.crawl.run import crawl
from pipeline.crawl.tally import SourceRun
from pipeline.records import Capture, Source
from pipeline.web.fetched import Limits

QUICK = Limits(backoff=0.01, deadline=5.0, wait=0.1)
TDMREP = "/.well-known/tdmrep.json"
"""Asked for once a day beside robots.txt; no test but its own counts it."""
NOWHERE = re.compile(r"/[a-z2-7]{16}\.html")
NO_ROBOTS = ("/robots.txt", TDMREP)


@dataclass(frozen=True, slots=True)
class Page:
    """An answer; with `etag` (the default) If-None-Match is answered by 304."""

    body: bytes
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    etag: bool = True
    wait: float = 0.0
    lies: bool = False
    """Whether it answers 304 to whoever sends a validator, whatever that is."""


@dataclass(frozen=True, slots=True)
class Request:
    """One line of the log."""

    at: float
    path: str
    headers: dict[str, str]
    client: int
    status: int
    sent: int


@dataclass(slots=True)
class Site:
    """A server; `pages` may change while it runs. Use as a context manager."""

    pages: dict[str, Page] = field(default_factory=dict)
    log: list[Request] = field(default_factory=list)
    base: str = ""
    busy: int = 0
    most_busy: int = 0
    wait: float = 0.0
    """Seconds before any answer, whatever the page says: a network that is down."""
    _server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Site:
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # one packet an answer

            def do_GET(self) -> None:
                site.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        at = time.monotonic()
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        page = self.pages.get(handler.path, Page(b"", status=404, etag=False))
        tag = '"' + hashlib.sha1(page.body).hexdigest()[:12] + '"' if page.etag else ""
        status, body = page.status, page.body
        if tag and handler.headers.get("If-None-Match") == tag:
            status, body = 304, b""
        if page.lies and (handler.headers.get("If-None-Match") or handler.headers.get("If-Modified-Since")):
            status, body = 304, b""
        asked = {name.lower(): value for name, value in handler.headers.items()}
        self.log.append(Request(at, handler.path, asked, handler.client_address[1], status, len(body)))
        time.sleep(max(page.wait, self.wait))
        self.busy -= 1
        handler.send_response(status)
        for name, value in page.headers:
            handler.send_header(name, value)
        if tag:
            handler.send_header("ETag", tag)
        if status != 304:
            handler.send_header("Content-Type", page.content_type)
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def asked(self, *, but: tuple[str, ...] = (TDMREP,)) -> list[str]:
        """Paths in the order they were asked for, but for one that does not exist (`Visitor.nowhere`)."""
        return [each.path for each in self.log if each.path not in but and not NOWHERE.fullmatch(each.path)]


def article(number: int, links: str = "", head: str = "") -> Page:
    """A page with an article of its own, long enough not to be taken for a notice."""
    body = "".join(
        f"<p>第{number}篇的第{n}段：村口的老槐树下，几位老人说起那年修渠引水的旧事。</p>" for n in range(8)
    )
    html = f"<!doctype html><html><head><title>修渠旧事之{number}</title>{head}</head><body>{body}{links}</body></html>"
    return Page(html.encode())


def sitemap(*addresses: str) -> Page:
    """A sitemap that names the addresses."""
    rows = "".join(f"<url><loc>{each}</loc></url>" for each in addresses)
    return Page(f"<urlset>{rows}</urlset>".encode(), "application/xml")


def feed(*addresses: str) -> Page:
    """An RSS feed whose items lead to the addresses."""
    items = "".join(f"<item><title>旧事</title><link>{each}</link></item>" for each in addresses)
    return Page(f"<rss version='2.0'><channel>{items}</channel></rss>".encode(), "application/rss+xml")


def source_of(site: Site, **changed: object) -> Source:
    """A source at the site that waits for nothing, but for what is `changed`."""
    plain = Source(name="village", home=site.base + "/", delay=0.0, allow_private=True)
    return replace(plain, **changed)  # type: ignore[arg-type]


def run(source: Source, raw: Path, **options: object) -> SourceRun:
    """One crawl of one source, with quick retries."""
    (visit,) = crawl([source], raw, limits=QUICK, **options)  # type: ignore[arg-type]
    return visit


def later(**span: float) -> Callable[[], datetime]:
    """A clock that is ahead by a timedelta."""
    ahead = timedelta(**span)
    return lambda: datetime.now(UTC) + ahead


def kept(raw: Path, kind: str = "page") -> list[Capture]:
    """The captures of a kind in the archive, in the order they were written."""
    return [c for f in archive.sealed(raw) for c in archive.read(raw, f.file) if c.kind == kind]
