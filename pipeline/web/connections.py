"""Connections to judged addresses only, as a transport of httpx; the only module that knows httpcore.

Every connection, also those of redirects and of names that resolve anew, is made to an address that was judged a
moment before; the TLS name check still uses the host name. httpx itself cannot be given a network backend, but
httpcore's pool, which is beneath httpx's own transport too, takes one openly
(https://www.encode.io/httpcore/network-backends/): so this is that transport once more, over such a pool.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import certifi
import httpcore
import httpx

from pipeline.records import Outcome
from pipeline.web.addresses import allowed

MAX_ADDRESSES = 3
"""Addresses of one name that are tried in turn (ours)."""

Resolve = Callable[[str, int], Awaitable[list[str]]]


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
        timeout: float | None = None,  # noqa: ASYNC109  httpcore's signature
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

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        raise TransportError(Outcome.ADDRESS_REFUSED, "unix socket")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@cache
def authorities() -> ssl.SSLContext:
    """The bundled certificate authorities, read once a process: 18 to 40 ms of CPU, and each source has a client.

    None are taken from the environment or the system, so that two machines judge a site alike.
    """
    return ssl.create_default_context(cafile=certifi.where())


class GuardedTransport(httpx.AsyncBaseTransport):
    """httpx's transport over guarded connections, kept alive between requests.

    Nothing of the environment (proxies, certificates) leads round the guard: httpx reads it for its own
    transport alone.
    """

    def __init__(self, *, allow_private: bool, resolve: Resolve, tls: ssl.SSLContext | None = None) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls or authorities(),
            max_connections=None,
            max_keepalive_connections=64,
            keepalive_expiry=30.0,
            network_backend=GuardedBackend(allow_private=allow_private, resolve=resolve),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; the response comes with its body unread. Raises what httpx's own transport does."""
        url = request.url
        asked = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _told_by_httpx():
            came = await self._pool.handle_async_request(asked)
        return httpx.Response(
            came.status, headers=came.headers, stream=_Body(came), extensions=came.extensions, request=request
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    """The body of a response, piece by piece as it comes."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _told_by_httpx():
            async for piece in self._response.aiter_stream():
                yield piece

    async def aclose(self) -> None:
        await self._response.aclose()


@contextmanager
def _told_by_httpx() -> Iterator[None]:
    """Errors of httpcore as those of httpx, which have the same names."""
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        told: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
        raise told(str(error)) from error
