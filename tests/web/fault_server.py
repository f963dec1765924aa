"""A server on loopback that misbehaves byte by byte, and remembers what it was asked.

Ordinary test servers cannot reset, cut or drip; this one writes raw bytes. A fault is either the bytes of
a whole answer or a coroutine that writes what it likes.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import struct
import time
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from types import TracebackType

import brotli
import zstandard

PAGE = (
    "<html><head><title>河边的集市</title></head><body><p>清早的河边摆满了菜摊。</p></body></html>".encode()
)
HTML = (("Content-Type", "text/html; charset=utf-8"),)
ETAG = 'W/"三-7"'.encode().decode("latin-1")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    at: float
    """Monotonic seconds."""


class Peer:
    """One connection, as a fault sees it."""

    def __init__(self, server: FaultServer, writer: asyncio.StreamWriter, asked: Asked) -> None:
        self.server = server
        self.writer = writer
        self.asked = asked

    async def send(self, data: bytes, pause: float = 0.0) -> None:
        """Write, flush, and wait `pause` seconds."""
        self.writer.write(data)
        await self.writer.drain()
        if pause:
            await asyncio.sleep(pause)

    def reset(self) -> None:
        """Close with a TCP reset, not with an orderly end."""
        connection = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    def times(self) -> int:
        """How often this path has been asked for, this time included."""
        return sum(one.path == self.asked.path for one in self.server.log)


Fault = bytes | Callable[[Peer], Awaitable[None]]


def answer(
    body: bytes = PAGE, *headers: tuple[str, str], status: str = "200 OK", length: int | None = None
) -> bytes:
    """A well-formed response; `length` overrides Content-Length, -1 leaves it out. Headers are latin-1."""
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
    if length != -1:
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def coded(body: bytes, coding: str) -> bytes:
    """A response whose body is labelled with a content coding."""
    return answer(body, *HTML, ("Content-Encoding", coding))


def redirect(location: str | bytes, status: str = "302 Found", *headers: tuple[str, str]) -> bytes:
    """A redirect; bytes are sent as they are."""
    text = location if isinstance(location, str) else location.decode("latin-1")
    return answer(b"", ("Location", text), *headers, status=status)


def chunked(*pieces: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    """A chunked response; `end` is what stands after the last piece."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + end


async def _slow_headers(peer: Peer) -> None:
    await peer.send(b"HTTP/1.1 200 OK\r\n", pause=30)


async def _slow_drip(peer: Peer) -> None:
    await peer.send(answer(b"<html>", *HTML, length=100_000))
    while True:
        await peer.send(b"x", pause=0.05)


async def _endless(peer: Peer) -> None:
    await peer.send(chunked(end=b""))
    piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    while True:
        await peer.send(piece)


async def _reset_in_body(peer: Peer) -> None:
    await peer.send(answer(PAGE[:40], *HTML, length=len(PAGE)), pause=0.05)
    peer.reset()


async def _reset_at_once(peer: Peer) -> None:
    peer.reset()


async def _silent_close(peer: Peer) -> None:
    return


async def _gzip_cut(peer: Peer) -> None:
    """Cut when packed, whole when asked for without packing."""
    if peer.asked.headers.get("accept-encoding") == "identity":
        await peer.send(answer(PAGE, *HTML))
    else:
        await peer.send(coded(gzip.compress(PAGE)[:-20], "gzip"))


async def _grow(peer: Peer) -> None:
    await peer.send(redirect(peer.asked.path + "x"))


async def _cookie_self(peer: Peer) -> None:
    if "seen=1" in peer.asked.headers.get("cookie", ""):
        await peer.send(answer(PAGE, *HTML))
    else:
        await peer.send(redirect(peer.asked.path, "302 Found", ("Set-Cookie", "seen=1; Path=/; HttpOnly")))


async def _non_utf8_target(peer: Peer) -> None:
    found = peer.asked.path.endswith(("/%C4%E3%BA%C3", "/%E4%BD%A0%E5%A5%BD"))
    await peer.send(answer(PAGE, *HTML) if found else answer(b"", status="404 Not Found"))


async def _conditional(peer: Peer) -> None:
    asked = peer.asked.headers
    if asked.get("if-none-match") == ETAG or asked.get("if-modified-since") == "Sat, 1 Nov 2025 08:00:00":
        await peer.send(answer(b"", ("ETag", ETAG), status="304 Not Modified", length=-1))
    else:
        await peer.send(answer(PAGE, *HTML, ("ETag", ETAG)))


async def _unasked_304(peer: Peer) -> None:
    if peer.asked.headers.get("cache-control") == "no-cache":
        await peer.send(answer(PAGE, *HTML))
    else:
        await peer.send(answer(b"", status="304 Not Modified", length=-1))


def _after(failures: int, failure: Callable[[], bytes], success: bytes) -> Callable[[Peer], Awaitable[None]]:
    """A fault that goes away after some requests."""

    async def fault(peer: Peer) -> None:
        await peer.send(failure() if peer.times() <= failures else success)

    return fault


def _busy(retry_after: str, status: str = "429 Too Many Requests") -> bytes:
    return answer(b"busy", ("Retry-After", retry_after), status=status)


_BOMB = b"0" * 64_000_000
_GOOD = answer(PAGE, *HTML)
_BAD_CRC = gzip.compress(PAGE)[:-8] + b"\0\0\0\0" + gzip.compress(PAGE)[-4:]
_RAW_DEFLATE = zlib.compress(PAGE)[2:-4]

FAULTS: dict[str, Fault] = {
    "/good": _GOOD,
    "/slow-headers": _slow_headers,
    "/slow-drip": _slow_drip,
    "/429-one-second": _after(1, lambda: _busy("1"), _GOOD),
    "/429-date": _after(1, lambda: _busy(formatdate(time.time() + 1, usegmt=True)), _GOOD),
    "/429-junk": _after(1, lambda: _busy("soon"), _GOOD),
    "/429-year": _busy("31536000"),
    "/503-for-ever": answer(b"down", status="503 Service Unavailable"),
    "/503-twice": _after(2, lambda: answer(b"down", status="503 Service Unavailable"), _GOOD),
    "/reset-in-body": _reset_in_body,
    "/reset-once": _after(1, lambda: answer(PAGE[:40], *HTML, length=len(PAGE)), _GOOD),
    "/reset-at-once": _reset_at_once,
    "/silent-close": _silent_close,
    "/length-short": answer(PAGE[:40], *HTML, length=len(PAGE)),
    "/chunk-cut": chunked(PAGE[:40], end=b"40\r\nabc"),
    "/chunk-no-end": chunked(PAGE, end=b""),
    "/close-cut": answer(PAGE[:-30], *HTML, length=-1),
    "/close-whole": answer(PAGE, *HTML, length=-1),
    "/gzip-cut": coded(gzip.compress(PAGE)[:-20], "gzip"),
    "/gzip-cut-when-packed": _gzip_cut,
    "/gzip-bad-crc": coded(_BAD_CRC, "gzip"),
    "/gzip-trailing": coded(gzip.compress(PAGE) + b"junk", "gzip"),
    "/gzip-members": coded(gzip.compress(PAGE[:50]) + gzip.compress(PAGE[50:]), "gzip"),
    "/gzip-lie": coded(PAGE, "gzip"),
    "/deflate": coded(zlib.compress(PAGE), "deflate"),
    "/deflate-raw": coded(_RAW_DEFLATE, "deflate"),
    "/br": coded(brotli.compress(PAGE), "br"),
    "/zstd": coded(zstandard.compress(PAGE), "zstd"),
    "/gzip-over-br": coded(gzip.compress(brotli.compress(PAGE)), "br, gzip"),
    "/bomb-gzip": coded(gzip.compress(_BOMB), "gzip"),
    "/bomb-gzip-twice": coded(gzip.compress(gzip.compress(_BOMB)), "gzip, gzip"),
    "/bomb-br": coded(brotli.compress(_BOMB, quality=2), "br"),
    "/bomb-zstd": coded(zstandard.compress(_BOMB), "zstd"),
    "/codings-many": coded(gzip.compress(PAGE), ", ".join(["gzip"] * 2000)),
    "/endless": _endless,
    "/declared-huge": answer(PAGE, *HTML, length=10**12),
    "/loop-self": redirect("/loop-self"),
    "/loop-a": redirect("/loop-b"),
    "/loop-b": redirect("/loop-a"),
    "/loop-grow": _grow,
    "/cookie-self": _cookie_self,
    "/to-good": redirect("/good", "301 Moved Permanently"),
    "/to-userinfo": redirect("http://user:secret@127.0.0.1/"),
    "/to-file": redirect("file:///etc/hostname"),
    "/to-metadata": redirect("http://169.254.169.254/latest/meta-data/"),
    "/to-metadata-decimal": redirect("http://2852039166/"),
    "/to-metadata-mapped": redirect("http://[::ffff:169.254.169.254]/"),
    "/to-name": redirect("http://rebind.test:1/"),
    "/to-utf8": redirect(b"/say/\xe4\xbd\xa0\xe5\xa5\xbd"),
    "/to-gbk": redirect(b"/say/\xc4\xe3\xba\xc3"),
    "/say/%C4%E3%BA%C3": _non_utf8_target,
    "/say/%E4%BD%A0%E5%A5%BD": _non_utf8_target,
    "/302-no-location": answer(b"moved", status="302 Found"),
    "/meta-refresh": answer(b'<html><meta http-equiv="refresh" content="0; url=good"></html>', *HTML),
    "/meta-refresh-slow": answer(b'<html><meta http-equiv="refresh" content="600; url=good"></html>', *HTML),
    "/meta-refresh-away": answer(
        b'<html><meta http-equiv="refresh" content="0; url=http://elsewhere.test/a"></html>', *HTML
    ),
    "/meta-refresh-home": answer(b'<html><meta http-equiv="refresh" content="3; url=/"></html>', *HTML),
    "/meta-refresh-gone": answer(
        '<html><meta http-equiv="refresh" content="3; url=good"><p>您访问的页面不存在</p></html>'.encode(),
        *HTML,
    ),
    "/script-move": answer(b"<html><script>location.replace('/good')</script></html>", *HTML),
    "/script-move-built": answer(b"<html><script>location.replace('/a' + x)</script></html>", *HTML),
    "/conditional": _conditional,
    "/304-unasked": _unasked_304,
    "/304-always": answer(b"", status="304 Not Modified", length=-1),
    "/header-200k": answer(PAGE, ("X-Long", "x" * 200_000)),
    "/headers-5000": answer(PAGE, *(("X", "1") for _ in range(5000))),
    "/header-gbk": answer(PAGE, *HTML, ("X-Site", b"\xd0\xc2\xce\xc5".decode("latin-1"))),
    "/empty": answer(b"", *HTML),
    "/204": answer(b"", status="204 No Content", length=-1),
    "/202": answer(PAGE, *HTML, status="202 Accepted"),
    "/206": answer(PAGE, *HTML, status="206 Partial Content"),
    "/404": answer(b"gone", status="404 Not Found"),
    "/410": answer(b"gone", status="410 Gone"),
    "/403": answer(b"no", status="403 Forbidden"),
    "/412": answer(b"<script>$_ts={}</script>", status="412 Precondition Failed"),
    "/521": answer(b"<script>__jsl_clearance</script>", status="521 Down"),
    "/pdf": answer(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", *HTML),
    "/html-octets": answer(PAGE, ("Content-Type", "application/octet-stream")),
    "/html-untyped": answer(PAGE),
    "/json": answer(b'{"title": "<p>x</p>"}', ("Content-Type", "application/json")),
    "/chunk-size-bad": chunked(PAGE, end=b"zz\r\n"),
    "/lengths-differ": answer(PAGE, ("Content-Length", "7"), *HTML),
    "/status-junk": b"HTTP/1.1 2x0 what\r\n\r\n",
    "/http-09": PAGE,
    "/header-space": b"HTTP/1.1 200 OK\r\nContent-Type : text/html\r\n\r\n" + PAGE,
    "/chunked-and-length": chunked(PAGE).replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\n", 1),
    "/bare-lf": answer(PAGE, *HTML).replace(b"\r\n", b"\n"),
}
"""Path → what the server does when asked for it."""


@dataclass
class FaultServer:
    """Use as `async with FaultServer() as server`; one connection answers one request, then closes.

    `faults` replaces or adds paths; `keep_alive` leaves connections open after answers given as bytes.
    """

    faults: dict[str, Fault] = field(default_factory=dict)
    keep_alive: bool = False
    tls: ssl.SSLContext | None = None
    log: list[Asked] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    async def __aenter__(self) -> FaultServer:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def url(self, path: str) -> str:
        """The address of a path on this server."""
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}{path}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in head[1:] if line)
                }
                asked = Asked(path=head[0].split(" ")[1], headers=headers, at=time.monotonic())
                self.log.append(asked)
                await self._answer(Peer(self, writer, asked))
                if not self.keep_alive:
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(self, peer: Peer) -> None:
        faults = FAULTS | self.faults
        fault = faults.get(peer.asked.path)
        if fault is None and peer.asked.path.startswith("/loop-grow"):
            fault = _grow
        if isinstance(fault, bytes):
            await peer.send(fault)
        elif fault is not None:
            await fault(peer)
        else:
            await peer.send(answer(b"", status="404 Not Found"))
