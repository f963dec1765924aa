"""Answers as misbehaving servers send them, read in one piece and byte by byte; connections that end at any moment."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Awaitable, Callable

import httpx
import pytest

from pipeline.web.connections import GuardedTransport, resolve_name
from pipeline.web.http1 import MAX_AHEAD, MAX_HEAD, TOO_LONG, Reading
from tests.web.fault_server import FaultServer, Peer, answer

LENGTH = b"Content-Length: 3\r\n"
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
WHOLE = (200, b"abc", True, True)
CLOSES = (200, b"abc", True, False)

ANSWERS: list[tuple[str, bytes, tuple[int, bytes, bool, bool]]] = [
    # name, bytes, (status, body, whole when the server has closed, bears another request)
    ("plain", OK + LENGTH + b"\r\nabc", WHOLE),
    ("without a body", OK + b"Content-Length: 0\r\n\r\n", (200, b"", True, True)),
    ("without a length", OK + b"\r\nabc", CLOSES),
    ("cut", OK + LENGTH + b"\r\nab", (200, b"ab", False, True)),
    ("more than its length", OK + LENGTH + b"\r\nabcdef", CLOSES),
    ("a second answer", OK + LENGTH + b"\r\nabc" + OK + b"Content-Length: 1\r\n\r\nx", CLOSES),
    ("Connection: close", OK + b"Connection: close\r\n" + LENGTH + b"\r\nabc", CLOSES),
    ("HTTP/1.0", b"HTTP/1.0 200 OK\r\n" + LENGTH + b"\r\nabc", CLOSES),
    ("HTTP/1.0, kept", b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + LENGTH + b"\r\nabc", WHOLE),
    ("HTTP/1.2", b"HTTP/1.2 200 OK\r\n" + LENGTH + b"\r\nabc", WHOLE),
    ("no reason", b"HTTP/1.1 200\r\n" + LENGTH + b"\r\nabc", WHOLE),
    ("an empty line before", b"\r\n" + OK + LENGTH + b"\r\nabc", WHOLE),
    ("line feeds", (OK + LENGTH + b"\r\nabc").replace(b"\r", b""), WHOLE),
    ("a status of its own", b"HTTP/1.1 799 What\r\n" + LENGTH + b"\r\nabc", (799, b"abc", True, True)),
    ("100 before", b"HTTP/1.1 100 Continue\r\n\r\n" + OK + LENGTH + b"\r\nabc", WHOLE),
    ("103 before", b"HTTP/1.1 103 Early\r\nLink: a\r\n\r\n" + OK + LENGTH + b"\r\nabc", WHOLE),
    ("204 with a length", b"HTTP/1.1 204 No\r\n" + LENGTH + b"\r\n", (204, b"", True, True)),
    ("204 with a body", b"HTTP/1.1 204 No\r\n" + LENGTH + b"\r\nabc", (204, b"", True, False)),
    ("304 with a length", b"HTTP/1.1 304 No\r\n" + LENGTH + b"\r\n", (304, b"", True, True)),
    ("length twice", OK + LENGTH + LENGTH + b"\r\nabc", WHOLE),
    ("length twice, far apart", OK + LENGTH + b"A: b\r\n" + LENGTH.lower() + b"\r\nabc", WHOLE),
    ("length as a list", OK + b"Content-Length: 3, 3\r\n\r\nabc", WHOLE),
    ("length twice, and in the body", OK + LENGTH * 2 + b"\r\n\nA\n", (200, b"\nA\n", True, True)),
    ("length and chunks", OK + LENGTH + CHUNKED[len(OK) :] + b"3\r\nabc\r\n0\r\n\r\n", CLOSES),
    ("chunks", CHUNKED + b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", WHOLE),
    ("chunk extension", CHUNKED + b"3;a=b\r\nabc\r\n0\r\n\r\n", WHOLE),
    ("chunk size and blanks", CHUNKED + b"3  \r\nabc\r\n0\r\n\r\n", WHOLE),
    ("chunk without an end", CHUNKED + b"3\r\nabc0\r\n\r\n", WHOLE),
    ("trailer", CHUNKED + b"3\r\nabc\r\n0\r\nSet-Cookie: a=b\r\n\r\n", WHOLE),
    ("chunks, cut", CHUNKED + b"3\r\nabc\r\n", (200, b"abc", False, True)),
    ("upgrade offered", OK + b"Connection: upgrade\r\nUpgrade: h2c\r\n" + LENGTH + b"\r\nabc", WHOLE),
]

NO_ANSWERS = [
    # name, bytes, what is said
    ("nothing", b"", "Server disconnected"),
    ("half a head", OK + b"Content-Le", "Server disconnected"),
    ("HTTP/0.9", b"<html>abc</html>", "Expected HTTP/"),
    ("ICY", b"ICY 200 OK\r\n\r\n", "Expected HTTP/"),
    ("status of two digits", b"HTTP/1.1 20 OK\r\n\r\n", "status"),
    ("status of four", b"HTTP/1.1 2000 OK\r\n\r\n", "status"),
    ("status 0", b"HTTP/1.1 000 OK\r\n\r\n", "status 0"),
    ("101", b"HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n", "another protocol"),
    ("no colon", OK + b"abc\r\n\r\n", "header token"),
    ("a blank in a name", OK + b"a b: c\r\n\r\n", "header token"),
    ("carriage returns", OK.replace(b"\n", b"") + b"\r", "LF"),
    ("lengths that differ", OK + LENGTH + b"Content-Length: 4\r\n\r\nabcd", "Content-Length"),
    ("length and its list", OK + LENGTH + b"Content-Length: 3, 4\r\n\r\nabcd", "Content-Length"),
    ("negative length", OK + b"Content-Length: -3\r\n\r\nabc", "Content-Length"),
    ("length that is none", OK + b"Content-Length: abc\r\n\r\nabc", "Content-Length"),
    ("empty length", OK + b"Content-Length:\r\n\r\nabc", "Content-Length"),
    ("length of 30 digits", OK + b"Content-Length: " + b"9" * 30 + b"\r\n\r\nabc", "Content-Length"),
    ("transfer coding", OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "transfer coding"),
    ("a long header", OK + b"A: " + b"b" * MAX_HEAD + b"\r\n\r\n", TOO_LONG),
    ("endless 100", b"HTTP/1.1 100 Continue\r\n\r\n" * (MAX_HEAD // 20), TOO_LONG),
]

BROKEN_BODIES = [
    ("no chunk size", CHUNKED + b"3\r\nabc\r\nzz\r\n", "chunk size"),
    ("chunk size of 30 digits", CHUNKED + b"3\r\nabc\r\n" + b"f" * 30, "Chunk size overflow"),
    ("a long extension", CHUNKED + b"3\r\nabc\r\n3;" + b"x" * 2 * MAX_HEAD, TOO_LONG),
    ("a long trailer", CHUNKED + b"3\r\nabc\r\n0\r\nX: " + b"x" * 2 * MAX_HEAD, TOO_LONG),
]
PIECES = (1, 7, 1 << 20)


def read(raw: bytes, size: int) -> tuple[Reading, httpx.RemoteProtocolError | None]:
    """What is read of the bytes in pieces of a size, and what was wrong; the server closes after the last one."""
    reading = Reading()
    try:
        for start in range(0, len(raw), size):
            reading.feed(raw[start : start + size])
    except httpx.RemoteProtocolError as error:
        return reading, error
    return reading, reading.end()


@pytest.mark.parametrize("size", PIECES)
@pytest.mark.parametrize(("name", "raw", "wanted"), ANSWERS, ids=[each[0] for each in ANSWERS])
def test_an_answer_is_read_alike_in_any_pieces(
    name: str, raw: bytes, wanted: tuple[int, bytes, bool, bool], size: int
) -> None:
    reading, error = read(raw, size)
    assert (reading.status, bytes(reading.body), reading.is_whole, reading.is_reusable) == wanted
    assert reading.has_head
    assert (error is None) == reading.is_whole
    assert error is None or "peer closed connection" in str(error)


@pytest.mark.parametrize("size", (3, 1 << 20))
@pytest.mark.parametrize(("name", "raw", "said"), NO_ANSWERS, ids=[each[0] for each in NO_ANSWERS])
def test_what_is_no_answer_is_said(name: str, raw: bytes, said: str, size: int) -> None:
    reading, error = read(raw, size)
    assert said in str(error)
    assert not reading.has_head


@pytest.mark.parametrize("size", (3, 1 << 15))
@pytest.mark.parametrize(("name", "raw", "said"), BROKEN_BODIES, ids=[each[0] for each in BROKEN_BODIES])
def test_of_a_broken_body_what_came_before_stays(name: str, raw: bytes, said: str, size: int) -> None:
    reading, error = read(raw, size)
    assert said in str(error)
    assert (reading.has_head, bytes(reading.body), reading.is_whole) == (True, b"abc", False)


def test_headers_are_what_came() -> None:
    raw = (
        OK
        + b"X-Site: \xd0\xc2\xce\xc5 \t\r\nset-cookie:a=b\r\nX-Site:\r\nFolded: a\r\n  b\r\nC: a\x01b\r\n\r\n"
    )
    for size in PIECES:
        reading, _ = read(raw.replace(b"OK", "好".encode("gbk")), size)
        assert reading.headers == [
            (b"X-Site", b"\xd0\xc2\xce\xc5"),
            (b"set-cookie", b"a=b"),
            (b"X-Site", b""),
            (b"Folded", b"a  b"),
            (b"C", b"a\x01b"),
        ]
        assert (reading.reason, reading.version) == ("好".encode("gbk"), "1.1")


def test_a_trailer_is_no_header() -> None:
    reading, _ = read(CHUNKED + b"0\r\nSet-Cookie: a=b\r\n\r\n", 1 << 20)
    assert reading.headers == [(b"Transfer-Encoding", b"chunked")]


def with_transport(
    faults: dict[str, bytes | Callable[[Peer], Awaitable[None]]],
    work: Callable[[GuardedTransport, FaultServer], Awaitable[None]],
) -> None:
    """Run `work` with a transport and a server that keeps connections open; no socket may be left."""

    async def run() -> None:
        async with FaultServer(faults, keep_alive=True) as server:
            transport = GuardedTransport(allow_private=True, resolve=resolve_name)
            await work(transport, server)
            await transport.aclose()

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        asyncio.run(run(), debug=False)
        gc.collect()
    assert [str(each.message) for each in told] == []


def request(server: FaultServer, path: str, read: float = 5.0) -> httpx.Request:
    return httpx.Request("GET", server.url(path), extensions={"timeout": {"connect": 5.0, "read": read}})


async def body(transport: GuardedTransport, asked: httpx.Request) -> bytes:
    return await (await transport.handle_async_request(asked)).aread()


async def slow(peer: Peer) -> None:
    await peer.send(answer(b"ab", length=3)[:-2], pause=5)


async def half(peer: Peer) -> None:
    await peer.send(answer(b"ab", length=3), pause=5)


async def then_closes(peer: Peer) -> None:
    await peer.send(answer(b"abc"))
    peer.writer.close()


async def then_talks(peer: Peer) -> None:
    await peer.send(answer(b"abc"), pause=0.05)
    await peer.send(answer(b"unasked"))


@pytest.mark.parametrize(
    ("first", "connections"),
    [
        (answer(b"abc"), 1),
        (answer(b"abc", ("Connection", "close")), 2),
        (answer(b"abcdef", length=3), 2),
        (answer(b"abc", length=-1).replace(b"200 OK", b"204 No"), 2),
        (then_closes, 2),
        (then_talks, 2),
    ],
    ids=["kept", "close", "trailing", "204 with a body", "closed by the server", "an answer to nothing"],
)
def test_a_connection_bears_another_request_only_after_a_clean_answer(
    first: bytes | Callable[[Peer], Awaitable[None]], connections: int
) -> None:
    async def work(transport: GuardedTransport, server: FaultServer) -> None:
        await body(transport, request(server, "/first"))
        await asyncio.sleep(0.1)
        assert await body(transport, request(server, "/second")) == b"second"
        assert server.connections == connections

    with_transport({"/first": first, "/second": answer(b"second")}, work)


def test_a_connection_that_the_server_closes_under_a_request_is_no_failure() -> None:
    async def closes(peer: Peer) -> None:
        if peer.times() == 1:
            peer.writer.close()
        else:
            await peer.send(answer(b"second"))

    async def work(transport: GuardedTransport, server: FaultServer) -> None:
        await body(transport, request(server, "/first"))
        assert await body(transport, request(server, "/second")) == b"second"
        assert [each.path for each in server.log] == ["/first", "/second", "/second"]

    with_transport({"/first": answer(b"abc"), "/second": closes}, work)


def test_a_server_waits_until_its_body_is_taken() -> None:
    long = b"long" * (8 << 18)

    async def work(transport: GuardedTransport, server: FaultServer) -> None:
        for _ in range(2):  # the connection reads on with the next request
            response = await transport.handle_async_request(request(server, "/first"))
            await asyncio.sleep(0.2)
            body_ahead = response.stream._reading.body  # type: ignore[union-attr]
            assert MAX_AHEAD < len(body_ahead) < 2 * MAX_AHEAD
            assert await response.aread() == long
        assert server.connections == 1

    with_transport({"/first": answer(long)}, work)


@pytest.mark.parametrize("fault", [slow, half])
def test_silence_is_a_timeout_and_ends_the_connection(fault: Callable[[Peer], Awaitable[None]]) -> None:
    async def work(transport: GuardedTransport, server: FaultServer) -> None:
        with pytest.raises(httpx.ReadTimeout):
            await body(transport, request(server, "/first", read=0.1))
        assert await body(transport, request(server, "/second")) == b"second"
        assert server.connections == 2

    with_transport({"/first": fault, "/second": answer(b"second")}, work)


async def cancelled(transport: GuardedTransport, server: FaultServer, after: float) -> None:
    """Ask, and give up after so many seconds."""
    task = asyncio.create_task(body(transport, request(server, "/first")))
    await asyncio.sleep(after)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("fault", [slow, half])
def test_cancelled_in_the_middle_no_socket_is_left(fault: Callable[[Peer], Awaitable[None]]) -> None:
    async def work(transport: GuardedTransport, server: FaultServer) -> None:
        await cancelled(transport, server, 0.1)
        assert await body(transport, request(server, "/second")) == b"second"
        assert server.connections == 2

    with_transport({"/first": fault, "/second": answer(b"second")}, work)


def test_cancelled_while_it_connects_no_socket_is_left() -> None:
    async def work(transport: GuardedTransport, server: FaultServer) -> None:
        await cancelled(transport, server, 0)

    with_transport({}, work)


def test_what_is_asked_after_the_end_is_not_kept() -> None:
    async def work(transport: GuardedTransport, server: FaultServer) -> None:
        response = await transport.handle_async_request(request(server, "/first"))
        await transport.aclose()
        assert await response.aread() == b"abc"

    with_transport({"/first": answer(b"abc")}, work)


def test_as_the_transport_of_an_httpx_client_it_is_like_httpx_itself() -> None:
    faults = {"/a": answer(b"abc", ("X", "y")), "/c": CHUNKED + b"3\r\nabc\r\n0\r\n\r\n"}

    async def run() -> None:
        guarded = GuardedTransport(allow_private=True, resolve=resolve_name)
        async with (
            FaultServer(dict(faults), keep_alive=True) as server,
            httpx.AsyncClient(transport=guarded) as ours,
            httpx.AsyncClient(trust_env=False) as theirs,
        ):
            for path in faults:
                one, other = [await each.get(server.url(path)) for each in (ours, theirs)]
                assert (one.status_code, one.reason_phrase, one.http_version) == (200, "OK", "HTTP/1.1")
                assert (one.headers.raw, one.content) == (other.headers.raw, other.content)

    asyncio.run(run())
