"""Requests as they go out over guarded connections, and every failure as its word."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Any

import certifi
import httpx
import pytest

from pipeline.web import connections
from pipeline.web.connections import GuardedTransport, TransportError, resolve_name
from pipeline.web.http1 import TOO_LONG, Connection
from pipeline.web.transport import Transport
from tests.web.fault_server import FaultServer
from tests.web.loopback import Page, Site


def opened(**changes: Any) -> Transport:
    return Transport(**({"allow_private": True, "connect": 5.0, "read": 5.0} | changes))


def test_the_authorities_are_read_once_a_process_and_are_the_bundled_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[dict[str, Any]] = []
    real = ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda **given: read.append(given) or real(**given))
    connections.authorities.cache_clear()
    for _ in range(3):
        with pytest.raises(TransportError):
            asyncio.run(opened().send("https://127.0.0.1:1/", (("Host", "x"),), 100, lambda _: None))
    assert read == [{"cafile": certifi.where()}]


def test_nothing_of_the_environment_leads_round_the_address_guard(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    site.pages["/a"] = Page(b"here", "text/plain")

    async def work() -> bytes:
        connections = opened()
        try:
            host = site.base.removeprefix("http://")
            return bytes(
                (await connections.send(f"{site.base}/a", (("Host", host),), 100, lambda _: None)).raw
            )
        finally:
            await connections.close()

    assert asyncio.run(work()) == b"here"


@pytest.mark.parametrize("path", ["/", "/a%2Fb?q=%E6%96%B0&x", "/a'b?c|d"])
def test_the_request_goes_out_as_it_is_spelled(path: str) -> None:
    """And nothing is added to what we say."""
    came: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 204 No\r\n\r\n")
        writer.close()

    async def work() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        transport = opened()
        await transport.send(
            f"http://127.0.0.1:{port}{path}", (("Host", "x"), ("Cookie", "\xe9")), 100, lambda _: None
        )
        await transport.close()
        server.close()

    asyncio.run(work())
    assert came == [f"GET {path} HTTP/1.1\r\nHost: x\r\nCookie: \xe9\r\n\r\n".encode("latin-1")]


@pytest.mark.parametrize(
    ("method", "target", "header"),
    [
        ("POST", b"/", b"a"),
        ("GET", b"/ HTTP/1.1\r\nX: y", b"a"),
        ("GET", b"/a b", b"a"),
        ("GET", b"/", b"a\r\nX: y"),
        ("GET", b"/", b"a\nX: y"),
        ("GET", b"/", b"a\rX: y"),
    ],
)
def test_what_is_no_plain_get_is_not_sent(method: str, target: bytes, header: bytes) -> None:
    async def work() -> None:
        transport = GuardedTransport(allow_private=True, resolve=resolve_name)
        await transport.handle_async_request(
            httpx.Request(
                method, "http://127.0.0.1:1/", headers=[(b"A", header)], extensions={"target": target}
            )
        )

    with pytest.raises(httpx.LocalProtocolError):
        asyncio.run(work())


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://news.example/", (b"http", "news.example", 80)),
        ("https://news.example/a", (b"https", "news.example", 443)),
        ("https://news.example:8443/", (b"https", "news.example", 8443)),
        ("http://[::1]:8080/a", (b"http", "::1", 8080)),
    ],
)
def test_a_connection_is_made_to_the_origin_of_a_url(
    url: str, origin: tuple[bytes, str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    async def note(of: Any, seconds: float) -> Connection:
        asked.append((of, seconds))
        raise httpx.ConnectTimeout("")

    transport = opened()
    monkeypatch.setattr(transport._http, "_connected", note)
    with pytest.raises(TransportError):
        asyncio.run(transport.send(url, (("Host", "x"),), 100, lambda _: None))
    assert asked == [(origin, 5.0)]


@pytest.mark.parametrize(
    ("error", "outcome", "retry"),
    [
        (httpx.ConnectTimeout("x"), "timeout", 2),
        (httpx.ConnectError("x"), "connect_error", 2),
        (httpx.ReadError("x"), "connect_error", 2),
        (httpx.LocalProtocolError("x"), "bad_protocol", 1),
        (httpx.RemoteProtocolError(TOO_LONG), "bad_protocol", 0),
    ],
)
def test_every_failure_before_an_answer_has_its_word(
    error: Exception, outcome: str, retry: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections = opened()

    async def fails(*_: Any) -> Connection:
        raise error

    monkeypatch.setattr(connections._http, "_connected", fails)
    with pytest.raises(TransportError) as told:
        asyncio.run(connections.send("http://a.example/", (("Host", "a.example"),), 100, lambda _: None))
    assert (told.value.outcome, told.value.retry) == (outcome, retry)


def _at(server: socket.socket) -> str:
    return f"https://127.0.0.1:{server.getsockname()[1]}/"


def test_a_server_that_takes_connections_and_no_tls_is_waited_for_only_so_long() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(TransportError) as told:
        asyncio.run(opened(connect=0.1).send(_at(mute), (("Host", "x"),), 100, lambda _: None))
    assert (told.value.outcome, told.value.retry) == ("timeout", 2)
    assert "ConnectTimeout" in told.value.detail


def test_only_so_many_connections_are_kept_and_only_for_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_IDLE", 2)

    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async def work() -> None:
        async with FaultServer(keep_alive=True) as server:
            transport = opened(resolve=resolve)

            async def ask(host: str) -> None:
                url = f"http://{host}.test:{server.port}/good"
                await transport.send(url, (("Host", "x"),), 1000, lambda _: None)

            for host in ("a", "b", "c", "a"):  # a was closed for c
                await ask(host)
            assert server.connections == 4
            await ask("c")
            assert server.connections == 4
            monkeypatch.setattr(connections, "IDLE", 0.0)
            await ask("c")
            assert server.connections == 5
            await transport.close()

    asyncio.run(work())
