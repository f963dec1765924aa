"""Requests as they go out by httpx over guarded connections, and every failure as its word."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import certifi
import httpcore
import httpx
import pytest

from pipeline.web import connections
from pipeline.web.connections import GuardedTransport, TransportError, resolve_name
from pipeline.web.transport import Transport
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
        asyncio.run(opened().close())
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


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("http://news.example/", (b"http", b"news.example", None, b"/")),
        (
            "https://news.example:8443/a%2Fb?q=%E6%96%B0&x",
            (b"https", b"news.example", 8443, b"/a%2Fb?q=%E6%96%B0&x"),
        ),
        ("http://[::1]:8080/a'b?c|d", (b"http", b"::1", 8080, b"/a'b?c|d")),
    ],
)
def test_the_target_goes_out_as_it_is_spelled(
    url: str, wanted: tuple[bytes, bytes, int | None, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[httpcore.Request] = []

    async def work() -> None:
        guarded = GuardedTransport(allow_private=True, resolve=resolve_name)

        async def note(request: httpcore.Request) -> httpcore.Response:
            asked.append(request)
            return httpcore.Response(204)

        monkeypatch.setattr(guarded._pool, "handle_async_request", note)
        await guarded.handle_async_request(opened()._request(url, (("Host", "x"), ("Cookie", "\xe9"))))

    asyncio.run(work())
    sent = asked[0].url
    assert (sent.scheme, sent.host, sent.port, sent.target) == wanted
    assert asked[0].headers == [(b"Host", b"x"), (b"Cookie", b"\xe9")], "nothing is added to what we say"


@pytest.mark.parametrize(
    ("error", "outcome", "retry"),
    [
        (httpcore.PoolTimeout("x"), "timeout", 2),
        (httpcore.ConnectError("x"), "connect_error", 2),
        (httpcore.WriteError("x"), "connect_error", 2),
        (httpcore.LocalProtocolError("x"), "bad_protocol", 1),
        (httpcore.RemoteProtocolError("Receive buffer too long"), "bad_protocol", 0),
    ],
)
def test_every_failure_before_an_answer_has_its_word(
    error: Exception, outcome: str, retry: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections = opened()

    async def fails(_: httpcore.Request) -> httpcore.Response:
        raise error

    monkeypatch.setattr(connections._http._pool, "handle_async_request", fails)
    with pytest.raises(TransportError) as told:
        asyncio.run(connections.send("http://a.example/", (("Host", "a.example"),), 100, lambda _: None))
    assert (told.value.outcome, told.value.retry) == (outcome, retry)


def test_httpx_has_a_name_for_every_error_of_httpcore() -> None:
    def kinds(of: type[Exception]) -> set[type[Exception]]:
        return {of}.union(*(kinds(each) for each in of.__subclasses__()))

    for error in (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
        for kind in kinds(error):
            assert issubclass(getattr(httpx, kind.__name__), httpx.TransportError)
