from __future__ import annotations

import asyncio
import ssl
from typing import Any

import certifi
import httpcore
import pytest

from pipeline.web import transport
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
    transport._authorities.cache_clear()
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
            return bytes((await connections.send(f"{site.base}/a", (("Host", host),), 100, id)).raw)
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
    url: str, wanted: tuple[bytes, bytes, int | None, bytes]
) -> None:
    asked = opened()._request(url, (("Host", "x"), ("Cookie", "\xe9"))).url
    assert (asked.scheme, asked.host, asked.port, asked.target) == wanted


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
def test_every_failure_before_an_answer_has_its_word(error: Exception, outcome: str, retry: int) -> None:
    assert isinstance(error, transport._FAILURES)
    told = transport._before_answer(error)
    assert (told.outcome, told.retry) == (outcome, retry)
