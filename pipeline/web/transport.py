"""One request by httpx, and its raw answer as far as it came."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import httpx

from pipeline.records import Outcome, header_of
from pipeline.web.connections import GuardedTransport, Resolve, TransportError, resolve_name
from pipeline.web.http1 import TOO_LONG
from pipeline.web.urls import parse_url

MAX_HEADERS = 256
"""More header lines than this are refused (ours)."""


_NO_BODY = httpx.ByteStream(b"")


@dataclass(slots=True, kw_only=True)
class Answer:
    """A response as it arrived; filled while it is read, so that a cut body is not lost."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """Latin-1 decoded, in order: byte-exact."""
    protocol: str
    peer: str | None
    reason: str = ""
    """The words behind the status, as they came."""
    raw: bytearray
    """The body as on the wire, without the chunked framing."""

    def header(self, name: str) -> str:
        """The first value of a header, named in lower case; "" if there is none."""
        return header_of(self.headers, name)


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
        self._http = GuardedTransport(allow_private=allow_private, resolve=resolve, tls=verify)

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()

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
            response = await self._http.handle_async_request(self._request(url, headers))
        except httpx.TransportError as error:
            raise _before_answer(error) from error
        assert isinstance(response.stream, httpx.AsyncByteStream)
        try:
            answer = _answer_of(response)
            arrived(answer)
            if len(answer.headers) > MAX_HEADERS:
                raise TransportError(Outcome.BAD_PROTOCOL, f"{len(answer.headers)} header lines")
            declared = answer.header("content-length")
            if declared.isascii() and declared.isdigit() and int(declared[:20]) > wire_cap:
                raise TransportError(Outcome.TOO_LARGE, f"{declared[:20]} bytes declared")
            async for chunk in response.stream:
                answer.raw += chunk
                if len(answer.raw) > wire_cap:
                    del answer.raw[wire_cap:]
                    raise TransportError(Outcome.TOO_LARGE, f"more than {wire_cap} bytes")
        except httpx.TransportError as error:
            raise _inside_body(error) from error
        finally:
            await response.stream.aclose()
        return answer

    def _request(self, url: str, headers: tuple[tuple[str, str], ...]) -> httpx.Request:
        parsed = parse_url(url)
        target = (parsed.pathname + parsed.search).encode("ascii")
        return httpx.Request(
            "GET",
            _origin(f"{parsed.protocol}//{parsed.host}/"),
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
            stream=_NO_BODY,
            # The target as we spell it: httpx would rewrite some escapes.
            extensions={"timeout": self._timeout, "target": target},
        )


@lru_cache(maxsize=64)
def _origin(url: str) -> httpx.URL:
    return httpx.URL(url)


def _answer_of(response: httpx.Response) -> Answer:
    return Answer(
        status=response.status_code,
        headers=tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw
        ),
        protocol=response.extensions["http_version"].decode("latin-1"),
        peer=response.extensions["peer"],
        reason=response.extensions["reason_phrase"].decode("latin-1"),
        raw=bytearray(),
    )


def _before_answer(error: httpx.TransportError) -> TransportError:
    detail = f"{type(error).__name__}: {error}"
    match error:
        case httpx.TimeoutException():
            return TransportError(Outcome.TIMEOUT, detail, retry=2)
        case httpx.ConnectError() if _is_tls(error):
            return TransportError(Outcome.TLS_ERROR, detail)
        case httpx.ProtocolError():
            return TransportError(Outcome.BAD_PROTOCOL, detail, retry=0 if TOO_LONG in detail else 1)
        case _:
            return TransportError(Outcome.CONNECT_ERROR, detail, retry=2)


def _inside_body(error: httpx.TransportError) -> TransportError:
    detail = f"{type(error).__name__}: {error}"
    match error:
        case httpx.TimeoutException():
            return TransportError(Outcome.TIMEOUT, detail, retry=2)
        case httpx.RemoteProtocolError() if "peer closed" not in detail:
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
