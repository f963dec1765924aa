"""Connections to judged addresses only, as a transport of httpx.

Every connection, also those of redirects and of names that resolve anew, is made to an address that was judged a
moment before; the TLS name check still uses the host name. httpx's own transport upon httpcore did the same for three
times the CPU (benchmarks/crawl.py).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import cache, partial

import certifi
import httpx

from pipeline.records import Outcome
from pipeline.web.addresses import allowed
from pipeline.web.http1 import Connection, Reading

MAX_ADDRESSES = 3
"""Addresses of one name that are tried in turn (ours)."""
MAX_IDLE = 64
"""Connections kept for a further request, one an origin: an origin is asked one request at a time."""
IDLE = 30.0
"""Seconds for which they are."""
DEFAULT_PORTS = {b"http": 80, b"https": 443}

Resolve = Callable[[str, int], Awaitable[list[str]]]

Origin = tuple[bytes, str, int]
"""Scheme, host and port."""


class TransportError(Exception):
    """Why there is no whole answer, as an outcome word, with what had arrived by then."""

    def __init__(self, outcome: Outcome, detail: str, *, retry: int = 0) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail
        self.retry = retry
        """How often it makes sense to try again."""


async def resolve_name(host: str, port: int) -> list[str]:
    """The addresses of a host name by the system's resolver, in its order."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@cache
def authorities() -> ssl.SSLContext:
    """The bundled certificate authorities, read once a process: 18 to 40 ms of CPU, and each source has a client.

    None are taken from the environment or the system, so that two machines judge a site alike.
    """
    context = ssl.create_default_context(cafile=certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context


class GuardedTransport(httpx.AsyncBaseTransport):
    """HTTP/1.1 over guarded connections, kept alive between requests; a GET is all that it sends.

    Nothing of the environment (proxies, certificates) leads round the guard. Of httpx's timeouts `connect` (the name,
    then each connection with its TLS) and `read` (silence) count: a GET is written without waiting, and none waits for
    a connection.
    """

    def __init__(self, *, allow_private: bool, resolve: Resolve, tls: ssl.SSLContext | None = None) -> None:
        self._allow_private = allow_private
        self._resolve = resolve
        self._tls = tls
        self._idle: dict[Origin, Connection] = {}
        """The one that was used last at the end."""
        self._is_closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a GET; the response comes with its body unread. Raises httpx's errors, or TransportError."""
        sent, patience = _as_sent(request), request.extensions["timeout"]
        url = request.url
        origin = (url.raw_scheme, url.raw_host.decode("ascii"), url.port or DEFAULT_PORTS[url.raw_scheme])
        connection, reading = await self._asked(origin, sent, patience)
        return httpx.Response(
            reading.status,
            headers=reading.headers,
            stream=_Body(connection, reading, patience["read"], partial(self._leave, origin, connection)),
            extensions={
                "http_version": f"HTTP/{reading.version}".encode("ascii"),
                "reason_phrase": reading.reason,
                "peer": connection.peer,
            },
            request=request,
        )

    async def aclose(self) -> None:
        """Close every connection."""
        self._is_closed = True
        while self._idle:
            self._idle.popitem()[1].close()
        await asyncio.sleep(0)  # the loop closes their sockets in its next round

    async def _asked(
        self, origin: Origin, sent: bytes, patience: Mapping[str, float]
    ) -> tuple[Connection, Reading]:
        """An answer whose head is there, and its connection.

        Where the server closed a kept one before it said anything, a new one is asked (RFC 9112 §9.3.1).
        """
        kept = self._kept(origin)
        connection = kept or await self._connected(origin, patience["connect"])
        try:
            return connection, await connection.ask(sent, patience["read"])
        except (httpx.ReadError, httpx.RemoteProtocolError):
            connection.close()
            if kept is None or connection.has_heard:
                raise
        except BaseException:
            connection.close()
            raise
        return await self._asked(origin, sent, patience)

    def _kept(self, origin: Origin) -> Connection | None:
        """The idle connection of an origin, if it still is one."""
        connection = self._idle.pop(origin, None)
        if connection is not None and connection.idle >= IDLE:
            connection.close()
        return None if connection is None or connection.is_closed else connection

    def _leave(self, origin: Origin, connection: Connection) -> None:
        """Keep a connection whose answer was read, if it bears another one and is the only one there is."""
        if connection.bears_another() and origin not in self._idle and not self._is_closed:
            self._idle[origin] = connection
        else:
            connection.close()
        while self._idle and (len(self._idle) > MAX_IDLE or next(iter(self._idle.values())).idle >= IDLE):
            self._idle.pop(next(iter(self._idle))).close()

    async def _connected(self, origin: Origin, seconds: float) -> Connection:
        """A connection to one of the addresses of an origin, each of them tried for so long."""
        scheme, host, port = origin
        tls = (self._tls or authorities()) if scheme == b"https" else None
        loop = asyncio.get_running_loop()
        failure: httpx.TransportError | None = None
        for address in (await self._judged(host, port, seconds))[:MAX_ADDRESSES]:
            try:
                async with asyncio.timeout(seconds):
                    _, connection = await loop.create_connection(
                        Connection, address, port, ssl=tls, server_hostname=host if tls else None
                    )
            except TimeoutError:
                failure = httpx.ConnectTimeout(address)
            except ssl.SSLError as error:
                raise httpx.ConnectError(str(error)) from error
            except OSError as error:
                failure = httpx.ConnectError(str(error))
            else:
                return connection
        assert failure is not None
        raise failure

    async def _judged(self, host: str, port: int, seconds: float) -> list[str]:
        """The addresses of a host, looked up anew, if we may connect to all of them."""
        try:
            addresses = await asyncio.wait_for(self._resolve(host, port), seconds)
        except (OSError, ValueError) as error:  # ValueError: labels IDNA cannot encode
            raise TransportError(Outcome.DNS_ERROR, f"{host}: {error}", retry=1) from error
        if not addresses:
            raise TransportError(Outcome.DNS_ERROR, f"{host}: no address", retry=1)
        for address in addresses:
            if not allowed(address, allow_private=self._allow_private):
                raise TransportError(Outcome.ADDRESS_REFUSED, f"{host} is {address}")
        return addresses


class _Body(httpx.AsyncByteStream):
    """The body of a response, piece by piece as it comes."""

    def __init__(
        self, connection: Connection, reading: Reading, patience: float, leave: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._reading = reading
        self._patience = patience
        self._leave = leave

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._connection.pieces(self._reading, self._patience)

    async def aclose(self) -> None:
        self._leave()


def _as_sent(request: httpx.Request) -> bytes:
    """The bytes of a GET; LocalProtocolError for what is none, or would be two requests."""
    target: bytes = request.extensions.get("target", request.url.raw_path)
    lines = [b"GET %b HTTP/1.1" % target, *(b"%b: %b" % pair for pair in request.headers.raw), b"", b""]
    sent = b"\r\n".join(lines)
    if (
        request.method != "GET"
        or b" " in target
        or not sent.count(b"\r") == sent.count(b"\n") == len(lines) - 1
    ):
        raise httpx.LocalProtocolError("not a plain GET")
    return sent
