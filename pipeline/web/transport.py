"""One request and its raw answer over a guarded connection: the only module that knows httpcore.

Every connection, also those of redirects and of names that resolve anew, is made to an address that was
judged a moment before; the TLS name check still uses the host name. httpcore is used as it is, without httpx over
it: what httpx would add (redirects, cookies, decoding, proxies of the environment) is what a crawler must do itself,
and only httpcore's pool takes a network backend (https://www.encode.io/httpcore/network-backends/).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import certifi
import httpcore

from pipeline.records import Outcome, header_of
from pipeline.web.addresses import allowed
from pipeline.web.urls import parse_url

MAX_HEADERS = 256
"""More header lines than this are refused (ours). httpcore 1.0.9 caps the header block at 100 KB and took 5,000
lines when we sent it so many."""
MAX_ADDRESSES = 3
"""Addresses of one name that are tried in turn (ours)."""

_FAILURES = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)
"""What httpcore raises for what a server or the network does."""

Resolve = Callable[[str, int], Awaitable[list[str]]]


class TransportError(Exception):
    """Why there is no whole answer, as an outcome word, with what had arrived by then."""

    def __init__(self, outcome: Outcome, detail: str, *, retry: int = 0) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail
        self.retry = retry
        """How often it makes sense to try again."""


@dataclass(slots=True, kw_only=True)
class Answer:
    """A response as it arrived; filled while it is read, so that a cut body is not lost."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """Latin-1 decoded, in order: byte-exact."""
    protocol: str
    peer: str | None
    raw: bytearray
    """The body as on the wire, without the chunked framing."""

    def header(self, name: str) -> str:
        """The first value of a header, named in lower case; "" if there is none."""
        return header_of(self.headers, name)


async def resolve_name(host: str, port: int) -> list[str]:
    """The addresses of a host name by the system's resolver, in its order."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens TCP connections only to judged addresses: resolve once, judge every address, connect to one."""

    def __init__(self, *, allow_private: bool, resolve: Resolve = resolve_name) -> None:
        self._allow_private = allow_private
        self._resolve = resolve
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            addresses = await asyncio.wait_for(self._resolve(host, port), timeout)
        except (OSError, ValueError) as error:  # ValueError: labels IDNA cannot encode
            raise TransportError(Outcome.DNS_ERROR, f"{host}: {error}", retry=1) from error
        if not addresses:
            raise TransportError(Outcome.DNS_ERROR, f"{host}: no address", retry=1)
        for address in addresses:
            if not allowed(address, allow_private=self._allow_private):
                raise TransportError(Outcome.ADDRESS_REFUSED, f"{host} is {address}")
        failure: Exception | None = None
        for address in addresses[:MAX_ADDRESSES]:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        assert failure is not None
        raise failure

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise TransportError(Outcome.ADDRESS_REFUSED, "unix socket")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@cache
def _authorities() -> ssl.SSLContext:
    """The bundled certificate authorities, read once a process: 18 to 40 ms of CPU, and each source has a client.

    None are taken from the environment or the system, so that two machines judge a site alike.
    """
    return ssl.create_default_context(cafile=certifi.where())


class Transport:
    """The connections of one run, kept alive between requests.

    `verify` replaces the bundled certificate authorities; `connect` and `read` are seconds.
    """

    def __init__(
        self,
        *,
        allow_private: bool,
        connect: float,
        read: float,
        verify: ssl.SSLContext | None = None,
        resolve: Resolve = resolve_name,
    ) -> None:
        self._timeout = {"connect": connect, "read": read, "write": read, "pool": connect}
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=verify or _authorities(),
            max_connections=None,
            max_keepalive_connections=64,
            keepalive_expiry=30.0,
            network_backend=GuardedBackend(allow_private=allow_private, resolve=resolve),
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.aclose()

    async def send(
        self,
        url: str,
        headers: tuple[tuple[str, str], ...],
        wire_cap: int,
        arrived: Callable[[Answer], None],
    ) -> Answer:
        """GET `url` (in fetch form) and read the answer up to `wire_cap` bytes.

        `arrived` is given the answer as soon as its headers are there, so that a caller whose deadline
        passes still has what came. Raises TransportError, also for a body over the cap.
        """
        try:
            response = await self._pool.handle_async_request(self._request(url, headers))
        except _FAILURES as error:
            raise _before_answer(error) from error
        try:
            answer = _answer_of(response)
            arrived(answer)
            if len(answer.headers) > MAX_HEADERS:
                raise TransportError(Outcome.BAD_PROTOCOL, f"{len(answer.headers)} header lines")
            declared = answer.header("content-length")
            if declared.isascii() and declared.isdigit() and int(declared[:20]) > wire_cap:
                raise TransportError(Outcome.TOO_LARGE, f"{declared[:20]} bytes declared")
            async for chunk in response.aiter_stream():
                answer.raw += chunk
                if len(answer.raw) > wire_cap:
                    del answer.raw[wire_cap:]
                    raise TransportError(Outcome.TOO_LARGE, f"more than {wire_cap} bytes")
        except _FAILURES as error:
            raise _inside_body(error) from error
        finally:
            await response.aclose()
        return answer

    def _request(self, url: str, headers: tuple[tuple[str, str], ...]) -> httpcore.Request:
        parsed = parse_url(url)
        address = httpcore.URL(
            scheme=parsed.protocol.removesuffix(":"),
            host=parsed.hostname.strip("[]"),
            port=int(parsed.port) if parsed.port else None,
            target=parsed.pathname + parsed.search,
        )
        return httpcore.Request(
            "GET",
            address,
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
            extensions={"timeout": self._timeout},
        )


def _answer_of(response: httpcore.Response) -> Answer:
    try:
        server = response.extensions["network_stream"].get_extra_info("server_addr")
    except (KeyError, OSError):  # the connection may be gone already
        server = None
    return Answer(
        status=response.status,
        headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers),
        protocol=response.extensions.get("http_version", b"HTTP/1.1").decode("latin-1"),
        peer=str(server[0]) if server else None,
        raw=bytearray(),
    )


def _before_answer(error: Exception) -> TransportError:
    detail = f"{type(error).__name__}: {error}"
    match error:
        case httpcore.TimeoutException():
            return TransportError(Outcome.TIMEOUT, detail, retry=2)
        case httpcore.ConnectError() if _is_tls(error):
            return TransportError(Outcome.TLS_ERROR, detail)
        case httpcore.ProtocolError():
            return TransportError(Outcome.BAD_PROTOCOL, detail, retry=0 if "Receive buffer" in detail else 1)
        case _:
            return TransportError(Outcome.CONNECT_ERROR, detail, retry=2)


def _inside_body(error: Exception) -> TransportError:
    detail = f"{type(error).__name__}: {error}"
    match error:
        case httpcore.TimeoutException():
            return TransportError(Outcome.TIMEOUT, detail, retry=2)
        case httpcore.RemoteProtocolError() if "peer closed" not in detail:
            return TransportError(Outcome.BAD_PROTOCOL, detail, retry=1)
        case _:
            return TransportError(Outcome.INCOMPLETE, detail, retry=2)


def _is_tls(error: BaseException | None) -> bool:
    seen = 0
    while error is not None and seen < 8:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
        seen += 1
    return False
