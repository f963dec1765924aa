"""Fetching against a server that misbehaves: outcome, requests in the server's log, what is kept."""

from __future__ import annotations

import asyncio
import datetime
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.web.fetch import Client, Fetched, Limits
from tests.web.fault_server import ETAG, HTML, PAGE, FaultServer, answer, redirect

NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Spares the tests without TLS the 50 ms of reading the certificate authorities."""
QUICK = Limits(connect=0.5, read=0.3, deadline=1.5, wait=2.0, backoff=0.001)
_OUTSIDE: list[str] = []


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = str(arguments[1][0])
        if not ip_address(host).is_loopback:
            _OUTSIDE.append(host)


sys.addaudithook(_watch)


@pytest.fixture(autouse=True)
def nothing_leaves_loopback() -> Iterator[None]:
    _OUTSIDE.clear()
    yield
    assert _OUTSIDE == []


def fetch(
    path: str, server: FaultServer | None = None, limits: Limits = QUICK, **options: object
) -> tuple[Fetched, FaultServer]:
    """Fetch one path of a fault server with a fresh client."""

    async def run() -> tuple[Fetched, FaultServer]:
        async with (
            server or FaultServer() as running,
            Client(allow_private=True, limits=limits, verify=NO_AUTHORITIES) as client,
        ):
            return await client.get(running.url(path), **options), running  # type: ignore[arg-type]

    return asyncio.run(run())


def with_client(
    work: Callable[[Client, FaultServer], Awaitable[None]],
    server: FaultServer | None = None,
    **options: object,
) -> None:
    """Run `work` with a client made with `options` and a server."""

    async def run() -> None:
        settings = {"allow_private": True, "limits": QUICK} | options
        async with server or FaultServer() as running, Client(**settings) as client:  # type: ignore[arg-type]
            await work(client, running)

    asyncio.run(run())


CASES = [
    # path, outcome, status, requests
    ("/good", "ok", 200, 1),
    ("/slow-headers", "timeout", 0, 3),
    ("/slow-drip", "timeout", 200, 1),
    ("/429-one-second", "ok", 200, 2),
    ("/429-date", "ok", 200, 2),
    ("/429-junk", "ok", 200, 2),
    ("/429-year", "deferred", 429, 1),
    ("/503-for-ever", "http_error", 503, 3),
    ("/503-twice", "ok", 200, 3),
    ("/reset-in-body", "incomplete", 200, 3),
    ("/reset-once", "ok", 200, 2),
    ("/reset-at-once", "connect_error", 0, 3),
    ("/silent-close", "bad_protocol", 0, 2),
    ("/length-short", "incomplete", 200, 3),
    ("/chunk-cut", "incomplete", 200, 3),
    ("/chunk-no-end", "incomplete", 200, 3),
    ("/close-cut", "ok", 200, 2),
    ("/close-whole", "ok", 200, 1),
    ("/gzip-cut", "incomplete", 200, 2),
    ("/gzip-cut-when-packed", "ok", 200, 2),
    ("/gzip-bad-crc", "bad_encoding", 200, 2),
    ("/gzip-trailing", "ok", 200, 1),
    ("/gzip-members", "ok", 200, 1),
    ("/gzip-lie", "ok", 200, 1),
    ("/deflate", "ok", 200, 1),
    ("/deflate-raw", "ok", 200, 1),
    ("/br", "ok", 200, 1),
    ("/zstd", "ok", 200, 1),
    ("/gzip-over-br", "ok", 200, 1),
    ("/bomb-gzip", "too_large", 200, 1),
    ("/bomb-gzip-twice", "too_large", 200, 1),
    ("/bomb-br", "too_large", 200, 1),
    ("/bomb-zstd", "too_large", 200, 1),
    ("/codings-many", "bad_encoding", 200, 1),
    ("/endless", "too_large", 200, 1),
    ("/declared-huge", "too_large", 200, 1),
    ("/loop-self", "redirect_loop", 0, 1),
    ("/loop-a", "redirect_loop", 0, 2),
    ("/loop-grow", "redirect_loop", 0, 6),
    ("/cookie-self", "ok", 200, 2),
    ("/to-good", "ok", 200, 2),
    ("/to-userinfo", "address_refused", 302, 1),
    ("/to-file", "address_refused", 302, 1),
    ("/to-metadata", "address_refused", 0, 1),
    ("/to-metadata-decimal", "address_refused", 0, 1),
    ("/to-metadata-mapped", "address_refused", 0, 1),
    ("/to-utf8", "ok", 200, 2),
    ("/to-gbk", "ok", 200, 2),
    ("/302-no-location", "http_error", 302, 1),
    ("/meta-refresh", "ok", 200, 2),
    ("/meta-refresh-slow", "ok", 200, 1),
    ("/meta-refresh-away", "ok", 200, 1),
    ("/meta-refresh-home", "ok", 200, 1),
    ("/meta-refresh-gone", "ok", 200, 1),
    ("/script-move", "ok", 200, 2),
    ("/script-move-built", "ok", 200, 1),
    ("/304-unasked", "ok", 200, 2),
    ("/304-always", "http_error", 304, 2),
    ("/header-200k", "bad_protocol", 0, 1),
    ("/headers-5000", "bad_protocol", 200, 1),
    ("/header-gbk", "ok", 200, 1),
    ("/empty", "empty", 200, 1),
    ("/204", "empty", 204, 1),
    ("/202", "http_error", 202, 1),
    ("/206", "http_error", 206, 1),
    ("/404", "gone", 404, 1),
    ("/410", "gone", 410, 1),
    ("/403", "http_error", 403, 1),
    ("/412", "http_error", 412, 1),
    ("/521", "http_error", 521, 1),
    ("/pdf", "ok", 200, 1),
    ("/chunk-size-bad", "bad_protocol", 200, 2),
    ("/lengths-differ", "bad_protocol", 0, 2),
    ("/status-junk", "bad_protocol", 0, 2),
    ("/http-09", "bad_protocol", 0, 2),
    ("/header-space", "bad_protocol", 0, 2),
    ("/chunked-and-length", "ok", 200, 1),
    ("/bare-lf", "ok", 200, 1),
]


@pytest.mark.parametrize(("path", "outcome", "status", "requests"), CASES, ids=[case[0] for case in CASES])
def test_every_fault_has_its_outcome(path: str, outcome: str, status: int, requests: int) -> None:
    fetched, server = fetch(path)
    assert (fetched.outcome, fetched.status, len(server.log)) == (outcome, status, requests), fetched.notes


WHOLE = [
    path
    for path, outcome, _, _ in CASES
    if outcome == "ok" and not path.startswith(("/close-cut", "/meta", "/script", "/pdf"))
]


@pytest.mark.parametrize("path", WHOLE)
def test_an_ok_body_is_the_whole_page(path: str) -> None:
    fetched, _ = fetch(path)
    assert fetched.body == PAGE
    assert fetched.truncated is None


@pytest.mark.parametrize(
    ("path", "truncated", "length"),
    [
        ("/slow-drip", "time", None),
        ("/bomb-gzip", "length", 8 * 1024 * 1024),
        ("/bomb-zstd", "length", 8 * 1024 * 1024),
        ("/endless", "length", 8 * 1024 * 1024),
        ("/length-short", "disconnect", 40),
        ("/chunk-cut", "disconnect", None),
    ],
)
def test_what_came_of_a_cut_body_is_kept_and_marked(path: str, truncated: str, length: int | None) -> None:
    fetched, _ = fetch(path)
    assert fetched.truncated == truncated
    assert fetched.body
    assert length is None or len(fetched.body) == length


@pytest.mark.parametrize(
    ("path", "note"),
    [
        ("/close-cut", "no_html_end"),
        ("/gzip-members", "gzip-members"),
        ("/gzip-trailing", "trailing-bytes"),
        ("/gzip-lie", "encoding-lie"),
        ("/meta-refresh", "meta-refresh"),
        ("/script-move", "js_redirect"),
        ("/503-twice", "try 2: 503 http_error"),
        ("/304-unasked", "304 nobody asked for"),
    ],
)
def test_an_irregularity_is_noted(path: str, note: str) -> None:
    fetched, _ = fetch(path)
    assert any(note in one for one in fetched.notes), fetched.notes


@pytest.mark.parametrize(
    ("path", "outcome"),
    [
        ("/pdf", "not_html"),
        ("/json", "not_html"),
        ("/html-octets", "ok"),
        ("/html-untyped", "ok"),
        ("/good", "ok"),
    ],
)
def test_content_that_is_no_page_is_told_by_its_bytes(path: str, outcome: str) -> None:
    fetched, _ = fetch(path, expect="html")
    assert fetched.outcome == outcome
    assert fetched.body


_LINES = st.one_of(
    st.sampled_from(
        [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 302 Found\r\nLocation: ", b"\r\n", b"5\r\nhello\r\n"]
    ),
    st.sampled_from([b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n\r\n"]),
    st.sampled_from([b"Set-Cookie: \x01=\xff\r\n", b"Retry-After: x\r\n"]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_LINES | st.binary(max_size=30), max_size=6).map(b"".join))
def test_no_bytes_of_a_server_raise(raw: bytes) -> None:
    limits = Limits(connect=0.5, read=0.1, deadline=0.5, backoff=0.0)
    fetched, _ = fetch("/x", FaultServer({"/x": raw}), limits)
    assert fetched.outcome


def test_retry_after_is_waited_for() -> None:
    _, server = fetch("/429-one-second")
    assert server.log[1].at - server.log[0].at >= 1.0


def test_a_long_retry_after_is_handed_to_the_caller() -> None:
    fetched, _ = fetch("/429-year")
    assert fetched.retry_after == 24 * 3600


def test_validators_go_out_as_they_came_and_a_304_is_unchanged() -> None:
    both: list[dict[str, Any]] = [{"etag": ETAG}, {"last_modified": "Sat, 1 Nov 2025 08:00:00"}]
    for validators in both:
        fetched, server = fetch("/conditional", **validators)
        assert (fetched.outcome, fetched.status, fetched.body) == ("unchanged", 304, b"")
        assert len(server.log) == 1
    fetched, _ = fetch("/conditional", etag='"other"')
    assert (fetched.outcome, fetched.body) == ("ok", PAGE)


def test_a_validator_with_a_line_break_is_not_sent() -> None:
    fetched, server = fetch("/good", etag='"a"\r\nX-Injected: 1')
    assert fetched.outcome == "ok"
    assert not {"if-none-match", "x-injected"} & server.log[0].headers.keys()


def test_raw_bytes_of_a_location_are_escaped_as_they_are() -> None:
    fetched, _ = fetch("/to-gbk")
    assert fetched.final_url.endswith("/say/%C4%E3%BA%C3")
    assert [hop.status for hop in fetched.hops] == [302]


def test_headers_are_kept_byte_exact() -> None:
    fetched, _ = fetch("/header-gbk")
    site = dict(fetched.headers)["X-Site"]
    assert site.encode("latin-1") == b"\xd0\xc2\xce\xc5"


def test_the_words_behind_a_status_are_kept_byte_exact() -> None:
    fetched, _ = fetch("/words", FaultServer({"/words": answer(PAGE, *HTML, status="200 \xba\xc3\xb5\xc4")}))
    assert fetched.reason.encode("latin-1") == "好的".encode("gbk")


def test_the_request_says_who_we_are_and_what_was_sent_is_told() -> None:
    fetched, server = fetch("/good")
    agent = server.log[0].headers["user-agent"]
    assert "(+http" in agent
    assert {name.lower(): value for name, value in fetched.request_headers} == {
        name: value for name, value in server.log[0].headers.items() if name != "connection"
    }
    assert fetched.peer == "127.0.0.1"
    assert fetched.fetched_at.tzinfo is not None


def test_percent_escapes_reach_the_server_untouched() -> None:
    path = "/a%7eb/%c4%e3?q=%C4%e3&x=a|b"
    _, server = fetch(path, FaultServer({path: answer()}))
    assert server.log[0].path == path


def test_a_hop_the_caller_refuses_is_not_asked_for() -> None:
    asked: list[str] = []

    async def no(url: str) -> bool:
        asked.append(url)
        return False

    fetched, server = fetch("/to-good", hop_allowed=no)
    assert fetched.outcome == "hop_refused"
    assert asked == [server.url("/good")]
    assert [one.path for one in server.log] == ["/to-good"]


def test_pause_comes_before_every_request() -> None:
    paused: list[str] = []

    async def pause(url: str) -> None:
        paused.append(url)

    for path in ("/503-twice", "/to-good"):
        paused.clear()
        _, server = fetch(path, pause=pause)
        assert paused == [server.url(one.path) for one in server.log]


def test_cookies_return_only_to_the_host_that_set_them() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async def work(client: Client, server: FaultServer) -> None:
        setting = answer(PAGE, *HTML, ("Set-Cookie", "a=1"), ("Set-Cookie", "gone=; Max-Age=0"))
        server.faults["/set"] = setting
        for host, path in (("one.test", "/set"), ("one.test", "/good"), ("two.test", "/good")):
            await client.get(f"http://{host}:{server.port}{path}")
        assert [one.headers.get("cookie") for one in server.log] == [None, "a=1", None]

    with_client(work, resolve=resolve)


def test_a_host_cannot_fill_the_jar() -> None:
    many = answer(PAGE, *HTML, *(("Set-Cookie", f"c{number}=1") for number in range(100)))

    async def work(client: Client, server: FaultServer) -> None:
        await client.get(server.url("/many"))
        await client.get(server.url("/good"))
        assert server.log[1].headers["cookie"].count("=") == 20

    with_client(work, FaultServer({"/many": many}))


def test_validators_do_not_follow_to_another_site() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async def work(client: Client, server: FaultServer) -> None:
        server.faults["/away"] = redirect(f"http://other.test:{server.port}/good")
        await client.get(f"http://here.test:{server.port}/away", etag='"1"')
        assert [one.headers.get("if-none-match") for one in server.log] == ['"1"', None]

    with_client(work, resolve=resolve)


def test_private_addresses_and_odd_ports_need_permission() -> None:
    async def public(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async def work(client: Client, server: FaultServer) -> None:
        odd = await client.get(f"http://name.test:{server.port}/good")
        assert (odd.outcome, odd.notes) == ("address_refused", (f"port {server.port}",))
        assert (await client.get("http://127.0.0.1/")).outcome == "address_refused"
        assert (await client.get("http://name.test/")).outcome == "address_refused"
        assert server.log == []

    with_client(work, allow_private=False, resolve=public)


def test_one_bad_address_among_good_ones_refuses_the_name() -> None:
    async def mixed(host: str, port: int) -> list[str]:
        return ["127.0.0.1", "169.254.169.254"]

    async def work(client: Client, server: FaultServer) -> None:
        fetched = await client.get(f"http://name.test:{server.port}/good")
        assert (fetched.outcome, server.connections) == ("address_refused", 0)

    with_client(work, resolve=mixed)


def test_a_name_is_judged_again_on_every_connection() -> None:
    answers = [["127.0.0.1"], ["169.254.169.254"]]

    async def rebinding(host: str, port: int) -> list[str]:
        return answers.pop(0)

    async def work(client: Client, server: FaultServer) -> None:
        url = f"http://rebind.test:{server.port}/good"
        assert (await client.get(url)).outcome == "ok"
        assert (await client.get(url)).outcome == "address_refused"
        assert server.connections == 1

    with_client(work, resolve=rebinding)


def test_connections_are_kept_and_resolved_once() -> None:
    resolved: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        resolved.append(host)
        return ["127.0.0.1"]

    async def work(client: Client, server: FaultServer) -> None:
        for _ in range(3):
            assert (await client.get(f"http://name.test:{server.port}/good")).outcome == "ok"
        assert (server.connections, resolved) == (1, ["name.test"])

    with_client(work, FaultServer(keep_alive=True), resolve=resolve)


def test_the_next_address_is_tried_when_one_refuses() -> None:
    async def two(host: str, port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]  # nothing listens on the first

    async def work(client: Client, server: FaultServer) -> None:
        assert (await client.get(f"http://name.test:{server.port}/good")).outcome == "ok"

    with_client(work, resolve=two)


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    fetched, _ = fetch("/good")
    assert fetched.outcome == "ok"


def test_names_that_do_not_resolve_and_servers_that_refuse() -> None:
    async def nowhere(host: str, port: int) -> list[str]:
        if host == "none.test":
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [] if host == "empty.test" else ["127.0.0.1"]

    async def work(client: Client, server: FaultServer) -> None:
        assert (await client.get("http://none.test:81/")).outcome == "dns_error"
        assert (await client.get("http://empty.test:81/")).outcome == "dns_error"
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))  # bound, not listening
            port = unused.getsockname()[1]
            assert (await client.get(f"http://closed.test:{port}/")).outcome == "connect_error"

    with_client(work, resolve=nowhere)


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "ftp://a.test/", "http://u:p@a.test/", "javascript:alert(1)", "http://" + "a" * 9000],
)
def test_what_is_no_address_is_refused_without_a_request(url: str) -> None:
    async def work(client: Client, server: FaultServer) -> None:
        assert (await client.get(url)).outcome == "address_refused"
        assert server.connections == 0

    with_client(work)


def test_a_host_name_too_long_for_dns_is_a_dns_error() -> None:
    async def work(client: Client, server: FaultServer) -> None:
        assert (await client.get(f"http://{'a' * 70}.invalid/")).outcome == "dns_error"

    with_client(work)


def test_cancelling_ends_a_fetch_at_once() -> None:
    async def work(client: Client, server: FaultServer) -> None:
        task = asyncio.create_task(client.get(server.url("/slow-headers"), limits=Limits()))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 1.0)

    with_client(work)


def _certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server context with a fresh certificate for `name`, and a client context that trusts it alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.datetime(2020, 1, 1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "certificate.pem"
    path.write_bytes(pem + secret)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cadata=pem.decode())


def test_tls_checks_the_name_although_the_address_is_pinned(tmp_path: Path) -> None:
    server_tls, client_tls = _certificate(tmp_path, "good.test")

    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async def work(client: Client, server: FaultServer) -> None:
        assert (await client.get(f"https://good.test:{server.port}/good")).body == PAGE
        wrong = await client.get(f"https://wrong.test:{server.port}/good")
        assert (wrong.outcome, len(server.log)) == ("tls_error", 1)

    with_client(work, FaultServer(tls=server_tls), resolve=resolve, verify=client_tls)


def test_an_untrusted_certificate_is_not_tried_again(tmp_path: Path) -> None:
    server_tls, _ = _certificate(tmp_path, "good.test")

    async def work(client: Client, server: FaultServer) -> None:
        fetched = await client.get(server.url("/good"))
        assert (fetched.outcome, server.log) == ("tls_error", [])
        assert not any(note.startswith("try ") for note in fetched.notes)

    with_client(work, FaultServer(tls=server_tls))
