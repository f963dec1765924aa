"""One HTTP/1.1 connection: a GET goes out, its answer is read by llhttp (httptools) as it comes.

llhttp, the parser of Node.js, takes a twentieth of the time of h11 for a head, and has switches for what careless
servers send; those by which the same bytes mean nothing else are on. Errors are httpx's.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import httptools
import httpx

MAX_HEAD = 100 * 1024
"""Bytes of a head, and of what stands between two pieces of a body; h11 and httpcore have the same."""
MAX_AHEAD = 1 << 20
"""Bytes of a body that come before they are taken; from then on the server waits."""
TOO_LONG = f"more than {MAX_HEAD} bytes of headers"
_LENIENT = {
    "lenient_headers": True,  # control characters in a value, folded lines (RFC 9112 §5.2), blanks before a colon
    "lenient_chunked_length": True,  # a length beside chunks: the chunks count (RFC 9112 §6.3)
    "lenient_version": True,  # HTTP/1.2
    "lenient_optional_cr_before_lf": True,  # a line that ends in LF alone (RFC 9112 §2.2)
    "lenient_optional_crlf_after_chunk": True,
    "lenient_spaces_after_chunk_size": True,
}
_LENGTH = re.compile(rb"(?im)^content-length[ \t]*:[ \t]*([0-9]{1,19})(?:[ \t]*,[ \t]*\1)*[ \t]*\r?\n")
_HEAD_END = re.compile(rb"\n\r?\n")
_BLANKS = b" \t"
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})


class Reading:
    """One answer while it arrives: `feed` takes what came, and the `on_` methods are what llhttp calls."""

    def __init__(self) -> None:
        self.status = 0
        self.reason = b""
        self.version = ""
        self.headers: list[tuple[bytes, bytes]] = []
        """As they came, without the blanks around names and values."""
        self.body = bytearray()
        """What came and was not taken yet."""
        self.has_head = False
        self.is_whole = False
        self.is_reusable = False
        """Whether the connection bears another request after this one."""
        self._wrong = ""
        self._is_held = False
        """Whether llhttp gave up over a length, and the rest of the head is waited for."""
        self._head = bytearray()
        self._head_size = 0
        self._loose = 0
        self._begin()

    def _begin(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(**_LENIENT)

    def leave(self) -> None:
        """Nothing more is read: parser and reading hold each other, and what was read."""
        del self._parser

    def feed(self, data: bytes) -> None:
        """Read on; RemoteProtocolError for what is no answer. What was read until then stays."""
        if not self.has_head:
            self._head += data
        self._loose += len(data)
        try:
            if not self._is_held:
                self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._wrong = "another protocol, which nobody asked for"
        except httptools.HttpParserError as error:
            self.is_reusable = False
            self._is_held = not self.has_head and "Content-Length" in str(error)
            if not self.is_whole and not self._is_held:
                raise httpx.RemoteProtocolError(self._wrong or str(error)) from error
        if self.has_head:
            self._head = bytearray()
        if self._wrong or self._loose > MAX_HEAD:
            raise httpx.RemoteProtocolError(self._wrong or TOO_LONG)
        if self._is_held and (found := _HEAD_END.search(self._head)):
            self._feed_with_one_length(found.end())

    def _feed_with_one_length(self, end: int) -> None:
        """Read once more a head of so many bytes, in which llhttp takes no offence at "3, 3", or a 3 told twice.

        They are one valid length (RFC 9110 §8.6); of what else is wrong with lengths nothing is made.
        """
        told = {found[1] for found in _LENGTH.finditer(self._head, 0, end)}
        once = b"\nContent-Length: %b\r\n" % b"".join(told)
        head = _LENGTH.sub(b"", self._head[:end]).replace(b"\n", once, 1) + self._head[end:]
        if len(told) != 1 or head == self._head:
            raise httpx.RemoteProtocolError("Content-Length cannot be read")
        self.headers, self.reason, self._head_size, self._head = [], b"", 0, bytearray()
        self._is_held = False
        self._begin()
        self.feed(bytes(head))

    def end(self) -> httpx.RemoteProtocolError | None:
        """The server closed the connection; what is wrong with that."""
        if self.has_head and not self._framing():
            self.is_whole = True
        if self.is_whole:
            return None
        if self.has_head:
            return httpx.RemoteProtocolError("peer closed connection without sending complete message body")
        return httpx.RemoteProtocolError("Server disconnected without sending a response.")

    def _framing(self) -> set[bytes]:
        """Names of the headers that tell where the body ends."""
        return {name.lower() for name, _ in self.headers} & _FRAMING

    def on_message_begin(self) -> None:
        if self.is_whole:  # a second answer, to no request
            self.is_reusable = False

    def on_status(self, piece: bytes) -> None:
        if not self.has_head:
            self.reason += piece

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.has_head:  # else it is a trailer
            self._head_size += len(name) + len(value)
            self.headers.append((name.rstrip(_BLANKS), value.rstrip(_BLANKS)))

    def on_headers_complete(self) -> None:
        if self.has_head:
            return
        status = self._parser.get_status_code()
        if 100 <= status < 200:  # not the answer yet
            self.headers, self.reason = [], b""
            return
        self._wrong = self._wrong_with_head(status)
        self.has_head = not self._wrong
        self.status = status
        self.version = self._parser.get_http_version()
        # What says two lengths may mean another one than we read (RFC 9112 §6.3).
        self.is_reusable = self._parser.should_keep_alive() and len(self._framing()) < 2
        self._loose = 0

    def _wrong_with_head(self, status: int) -> str:
        if self._head_size > MAX_HEAD:
            return TOO_LONG
        if status < 100:
            return f"status {status}"
        codings = {value.lower() for name, value in self.headers if name.lower() == b"transfer-encoding"}
        return "" if codings <= {b"chunked"} else "a transfer coding that nobody asked for"

    def on_body(self, piece: bytes) -> None:
        if not self.is_whole:
            self.body += piece
            self._loose = 0

    def on_message_complete(self) -> None:
        self.is_whole = self.has_head


class Connection(asyncio.Protocol):
    """A connection to one origin, on which answers are read one after the other."""

    def __init__(self) -> None:
        self.is_closed = False
        self.has_heard = False
        """Whether anything came after the last request."""
        self.peer: str | None = None
        """The address connected to."""
        self._loop = asyncio.get_running_loop()
        self._idle_since = self._loop.time()
        self._reading: Reading | None = None
        self._failure: httpx.TransportError | None = None
        self._news: asyncio.Future[None] | None = None

    async def ask(self, request: bytes, patience: float) -> Reading:
        """Send the bytes of a GET, and wait for the head of its answer; at most `patience` seconds of silence."""
        reading = self._reading = Reading()
        self.has_heard = False
        self._transport.resume_reading()
        self._transport.write(request)  # smaller than any socket's buffer: it never waits
        while not reading.has_head:
            await self._wait(patience)
        return reading

    async def pieces(self, reading: Reading, patience: float) -> AsyncIterator[bytes]:
        """The body as it comes; what came before an error comes before it."""
        while reading.body or not reading.is_whole:
            if reading.body:
                piece, reading.body = bytes(reading.body), bytearray()
                self._transport.resume_reading()
                yield piece
            else:
                await self._wait(patience)

    def bears_another(self) -> bool:
        """Whether the answer was read to its end, and another request may follow; from now on it is idle."""
        reading = self._let_go()
        self._idle_since = self._loop.time()
        return not self.is_closed and reading is not None and reading.is_whole and reading.is_reusable

    def _let_go(self) -> Reading | None:
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.leave()
        return reading

    @property
    def idle(self) -> float:
        """Seconds since then."""
        return self._loop.time() - self._idle_since

    def close(self) -> None:
        """Close it at once."""
        self.is_closed = True
        self._transport.abort()
        self._let_go()

    async def _wait(self, patience: float) -> None:
        """Until something comes; raises what went wrong."""
        if self._failure is not None:
            raise self._failure
        self._news = self._loop.create_future()
        timer = self._loop.call_later(patience, self._silent)
        try:
            await self._news
        finally:
            timer.cancel()

    def _silent(self) -> None:
        self._fail(httpx.ReadTimeout(""))

    def _fail(self, error: httpx.TransportError | None) -> None:
        """What waits is woken, and goes on or fails by this."""
        self._failure = self._failure or error
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.peer = transport.get_extra_info("peername")[0]

    def data_received(self, data: bytes) -> None:
        if self._reading is None:  # an answer to no request
            self.close()
            return
        self.has_heard = True
        try:
            self._reading.feed(data)
            if len(self._reading.body) > MAX_AHEAD:
                self._transport.pause_reading()
            self._fail(None)
        except httpx.RemoteProtocolError as error:
            self._fail(error)
            self.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.is_closed = True
        if self._reading is not None and not self._reading.is_whole:
            self._fail(self._reading.end() if error is None else httpx.ReadError(str(error)))
