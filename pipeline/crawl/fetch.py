"""One page, within limits, never by raising: whatever the web does becomes an outcome word.

Redirects are followed by hand, so that every hop is judged (scheme, port, address, the caller's robots
rules) and kept; bodies are unpacked by our own capped decoder; retries repeat the fetch of a whole body.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import TracebackType

import ada_url

from pipeline.crawl import media, redirects
from pipeline.crawl.decode import codings_of, decode
from pipeline.crawl.pace import backoff, retry_after_seconds
from pipeline.crawl.transport import Answer, Resolve, Transport, TransportError, resolve_name
from pipeline.crawl.urls import fetch_form, same_site

USER_AGENT = "zh-article-corpus/0.1 (+https://example.org/zh-article-corpus; crawler@example.org)"
ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
MAX_COOKIES = 20
"""Cookies kept per host and run."""

_RETRIED = frozenset({429, 500, 502, 503, 504, 520, 522, 523, 524})
"""Statuses worth another try; 521 is left out: on Chinese sites it is a script challenge, not a fault."""
_TRUNCATED = {"too_large": "length", "timeout": "time", "incomplete": "disconnect"}
_DECODE_OUTCOME = {
    "cut": "incomplete",
    "corrupt": "bad_encoding",
    "codings": "bad_encoding",
    "too_large": "too_large",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one fetch may cost. Sizes in bytes, times in seconds."""

    body_bytes: int = 8 * 1024 * 1024
    """Cap of the unpacked body."""
    wire_bytes: int = 8 * 1024 * 1024
    """Cap of the body as on the wire."""
    redirects: int = 5
    """Hops followed."""
    tries: int = 3
    """Requests that may fail in one fetch before it is given up."""
    connect: float = 10.0
    """Name resolution, and each connection."""
    read: float = 20.0
    """Longest silence of the server."""
    deadline: float = 60.0
    """All requests of one fetch together, hops and retries included, waiting between them not."""
    wait: float = 60.0
    """Longest Retry-After that is waited for in place; a longer one gives `deferred`."""
    backoff: float = 1.0
    """Base of the back-off between tries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """An answer on the way that sent us on."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    fetched_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came of fetching one URL."""

    url: str
    """The URL asked for."""
    final_url: str
    """Where the last answer came from."""
    fetched_at: datetime
    """When the last request was sent, aware UTC."""
    status: int = 0
    """Status of the last answer; 0: none."""
    headers: tuple[tuple[str, str], ...] = ()
    """As received, latin-1 decoded, in order."""
    body: bytes = b""
    """Unpacked; a prefix when `truncated`."""
    outcome: str
    """ok, unchanged, empty, not_html, gone, http_error, deferred, timeout, too_large, incomplete,
    bad_encoding, bad_protocol, redirect_loop, hop_refused, address_refused, dns_error, connect_error,
    tls_error."""
    hops: tuple[Hop, ...] = ()
    """Redirect answers, in order."""
    peer: str | None = None
    """IP address that answered."""
    elapsed_ms: int = 0
    """Time spent on requests."""
    notes: tuple[str, ...] = ()
    """Irregularities: failed tries, decoder notes, no_html_end, meta-refresh, js_redirect."""
    retry_after: float | None = None
    """Seconds the server asked us to stay away."""
    request_headers: tuple[tuple[str, str], ...] = ()
    """As sent with the last request."""
    truncated: str | None = None
    """length, time or disconnect (WARC-Truncated) when the body is a prefix."""
    protocol: str = "HTTP/1.1"
    """Protocol of the last answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Got:
    """The outcome of one request."""

    outcome: str
    answer: Answer | None
    body: bytes
    notes: tuple[str, ...]
    sent: tuple[tuple[str, str], ...]
    fetched_at: datetime
    retry: int = 0
    """How often this kind of failure may be repeated."""
    identity: bool = False
    """Whether the repetition should ask for an unpacked body."""
    retry_after: float | None = None


@dataclass(slots=True, kw_only=True)
class _Journey:
    """State of one `get`: what was asked, what happened so far."""

    url: str
    headers: dict[str, str]
    limits: Limits
    pause: Callable[[str], Awaitable[None]] | None
    spent: float = 0.0
    failures: int = 0
    hops: list[Hop] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Client:
    """Connections and cookies of one run. Use as `async with Client(...) as client`."""

    def __init__(
        self,
        *,
        user_agent: str = USER_AGENT,
        allow_private: bool = False,
        limits: Limits = Limits(),
        ports: Iterable[int] = (),
        resolve: Resolve = resolve_name,
        verify: ssl.SSLContext | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`ports`: those in the source's own URLs, besides 80 and 443; with `allow_private` any will do."""
        self._user_agent = user_agent
        self._limits = limits
        self._ports = None if allow_private else frozenset({80, 443, *ports})
        self._cookies: dict[str, dict[str, str]] = {}
        self._now = now
        self._transport = Transport(
            allow_private=allow_private,
            connect=limits.connect,
            read=limits.read,
            verify=verify,
            resolve=resolve,
        )

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.close()

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = ACCEPT,
        expect: str | None = None,
        hop_allowed: Callable[[str], Awaitable[bool]] | None = None,
        pause: Callable[[str], Awaitable[None]] | None = None,
        limits: Limits | None = None,
    ) -> Fetched:
        """Fetch `url`; what the web does never raises.

        `etag` and `last_modified` are sent exactly as they were received and make a 304 `unchanged`.
        `expect="html"` turns other content into `not_html`. `hop_allowed` is asked about every redirect
        target; `pause` is awaited before every request, retries and hops included (the host's delay).
        """
        headers = {
            "User-Agent": self._user_agent,
            "Accept": accept,
            "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5",
        }
        headers["Accept-Encoding"] = "gzip, deflate, br, zstd"
        if etag and _sendable(etag):
            headers["If-None-Match"] = etag
        if last_modified and _sendable(last_modified):
            headers["If-Modified-Since"] = last_modified
        journey = _Journey(url=url, headers=headers, limits=limits or self._limits, pause=pause)
        current = fetch_form(url)
        if current is None:
            return self._refused(journey, url, "address_refused", "not a URL we fetch")
        seen: set[tuple[str, str]] = set()
        while True:
            if (refusal := await self._judge(journey, current, hop_allowed)) is not None:
                return refusal
            if (current, self._cookie_line(current)) in seen:
                return self._refused(journey, current, "redirect_loop", "an address seen before")
            seen.add((current, self._cookie_line(current)))
            got = await self._with_retries(journey, current)
            target = self._target(journey, got, current, seen)
            if target is None:
                return self._finish(journey, current, got, expect)
            assert got.answer is not None
            journey.hops.append(
                Hop(
                    url=current,
                    status=got.answer.status,
                    headers=got.answer.headers,
                    body=got.body,
                    fetched_at=got.fetched_at,
                )
            )
            if not same_site(current, target):
                headers.pop("If-None-Match", None)
                headers.pop("If-Modified-Since", None)
            current = target

    async def _judge(
        self, journey: _Journey, url: str, hop_allowed: Callable[[str], Awaitable[bool]] | None
    ) -> Fetched | None:
        """The refusal of a URL about to be asked for, or None."""
        parsed = ada_url.URL(url)
        port = int(parsed.port) if parsed.port else {"http:": 80, "https:": 443}[parsed.protocol]
        if self._ports is not None and port not in self._ports:
            return self._refused(journey, url, "address_refused", f"port {port}")
        if len(journey.hops) > journey.limits.redirects:
            return self._refused(
                journey, url, "redirect_loop", f"more than {journey.limits.redirects} redirects"
            )
        if journey.hops and hop_allowed is not None and not await hop_allowed(url):
            return self._refused(journey, url, "hop_refused", "the caller refused it")
        return None

    def _target(self, journey: _Journey, got: _Got, url: str, seen: set[tuple[str, str]]) -> str | None:
        """Where an answer sends us; None if it is the last one."""
        if got.answer is None:
            return None
        if got.outcome == "redirect":
            location = got.answer.header("location")
            return redirects.location_of(location, url) if location else None
        if got.outcome != "ok" or not media.is_html(got.body, got.answer.header("content-type") or ""):
            return None
        for note, target in (
            ("meta-refresh", redirects.refresh_of(got.body, url)),
            ("js_redirect", redirects.script_move_of(got.body, url)),
        ):
            if target is None or target == url or not same_site(url, target):
                continue
            if (target, self._cookie_line(target)) not in seen:
                journey.notes.append(note)
                return target
        return None

    async def _with_retries(self, journey: _Journey, url: str) -> _Got:
        limits = journey.limits
        made = 0
        while True:
            if journey.pause is not None:
                await journey.pause(url)
            got = await self._request(journey, url)
            made += 1
            spent = journey.failures + 1 >= limits.tries or journey.spent >= limits.deadline
            if made > got.retry or spent:
                return got
            journey.failures += 1
            status = got.answer.status if got.answer else 0
            journey.notes.append(
                f"try {journey.failures}: {status} {got.outcome} {' '.join(got.notes)}".rstrip()
            )
            if got.identity:
                journey.headers["Accept-Encoding"] = "identity"
            if status == 304:
                journey.headers["Cache-Control"] = "no-cache"
            wait = got.retry_after
            await asyncio.sleep(wait if wait is not None else backoff(journey.failures, url, limits.backoff))

    async def _request(self, journey: _Journey, url: str) -> _Got:
        sent = (("Host", ada_url.URL(url).host), *journey.headers.items())
        if cookie := self._cookie_line(url):
            sent = (*sent, ("Cookie", cookie))
        arrived: list[Answer] = []
        failure: TransportError | None = None
        fetched_at, started = self._now(), time.perf_counter()
        try:
            async with asyncio.timeout(max(journey.limits.deadline - journey.spent, 0.001)):
                await self._transport.send(url, sent, journey.limits.wire_bytes, arrived.append)
        except TimeoutError:
            failure = TransportError("timeout", "deadline of the whole fetch")
        except TransportError as error:
            failure = error
        journey.spent += time.perf_counter() - started
        answer = arrived[0] if arrived else None
        if answer is not None:
            self._keep_cookies(url, answer)
        asked = "If-None-Match" in journey.headers or "If-Modified-Since" in journey.headers
        got = _judged(answer, failure, journey.limits, asked=asked, now=fetched_at.timestamp())
        return replace(got, sent=sent, fetched_at=fetched_at)

    def _finish(self, journey: _Journey, url: str, got: _Got, expect: str | None) -> Fetched:
        answer, outcome, notes = got.answer, got.outcome, [*journey.notes, *got.notes]
        if answer is not None and outcome == "redirect":
            outcome = "address_refused" if answer.header("location") else "http_error"
            notes.append(f"location: {(answer.header('location') or 'none')[:200]}")
        content_type = (answer.header("content-type") if answer else None) or ""
        if outcome == "ok" and expect == "html" and not media.is_html(got.body, content_type):
            outcome = "not_html"
        return Fetched(
            url=journey.url,
            final_url=url,
            fetched_at=got.fetched_at,
            status=answer.status if answer else 0,
            headers=answer.headers if answer else (),
            body=got.body,
            outcome=outcome,
            hops=tuple(journey.hops),
            peer=answer.peer if answer else None,
            elapsed_ms=round(journey.spent * 1000),
            notes=tuple(notes),
            retry_after=got.retry_after,
            request_headers=got.sent,
            truncated=_TRUNCATED.get(outcome) if answer else None,
            protocol=answer.protocol if answer else "HTTP/1.1",
        )

    def _refused(self, journey: _Journey, url: str, outcome: str, why: str) -> Fetched:
        return Fetched(
            url=journey.url,
            final_url=url,
            fetched_at=self._now(),
            outcome=outcome,
            hops=tuple(journey.hops),
            elapsed_ms=round(journey.spent * 1000),
            notes=(*journey.notes, why),
        )

    def _cookie_line(self, url: str) -> str:
        return "; ".join(f"{name}={value}" for name, value in self._cookies.get(_host(url), {}).items())

    def _keep_cookies(self, url: str, answer: Answer) -> None:
        """Cookies by host alone: Domain, Path and Secure are ignored, so none goes to another host."""
        jar = self._cookies.setdefault(_host(url), {})
        for name, line in answer.headers:
            if name.lower() != "set-cookie":
                continue
            pair, _, attributes = line.partition(";")
            key, equals, value = pair.strip().partition("=")
            if "max-age=0" in attributes.lower().replace(" ", "") or not value:
                jar.pop(key, None)
            elif equals and key and _sendable(pair) and (key in jar or len(jar) < MAX_COOKIES):
                jar[key] = value


def _judged(
    answer: Answer | None, failure: TransportError | None, limits: Limits, *, asked: bool, now: float
) -> _Got:
    """The outcome of one request: the status first, then how the body arrived, then what it unpacks to."""
    nowhere = _Got(
        outcome="", answer=answer, body=b"", notes=(), sent=(), fetched_at=datetime.fromtimestamp(now, UTC)
    )
    why = (failure.detail,) if failure else ()
    if answer is None or (failure is not None and failure.outcome == "bad_protocol"):
        assert failure is not None
        return replace(nowhere, outcome=failure.outcome, notes=why, retry=failure.retry)
    labels = ",".join(value for name, value in answer.headers if name.lower() == "content-encoding")
    decoded = decode(bytes(answer.raw), codings_of(labels), limits.body_bytes)
    got = replace(nowhere, body=decoded.body, notes=(*why, *decoded.notes))
    if answer.status in redirects.STATUSES:
        return replace(got, outcome="redirect")
    if answer.status == 304:
        return replace(got, outcome="unchanged" if asked else "http_error", body=b"", retry=0 if asked else 1)
    if not 200 <= answer.status < 300:
        return _judged_error(got, answer, limits, now)
    if failure is not None:
        return replace(got, outcome=failure.outcome, retry=failure.retry)
    if decoded.problem is not None:
        repeat = decoded.problem in {"cut", "corrupt"}
        outcome = _DECODE_OUTCOME[decoded.problem]
        return replace(
            got, outcome=outcome, retry=int(repeat), identity=repeat, notes=(*got.notes, decoded.problem)
        )
    if not decoded.body:
        return replace(got, outcome="empty")
    if _maybe_cut(answer, decoded.body):
        return replace(got, outcome="ok", retry=1, notes=(*got.notes, "no_html_end"))
    return replace(got, outcome="ok")


def _judged_error(got: _Got, answer: Answer, limits: Limits, now: float) -> _Got:
    if answer.status in {404, 410}:
        return replace(got, outcome="gone")
    if answer.status not in _RETRIED:
        return replace(got, outcome="http_error")
    after = retry_after_seconds(answer.header("retry-after"), now)
    if after is not None and after > limits.wait:
        return replace(got, outcome="deferred", retry_after=after)
    return replace(got, outcome="http_error", retry=2, retry_after=after)


def _maybe_cut(answer: Answer, body: bytes) -> bool:
    """Whether only the closing of the connection told where an HTML body ends, and it looks cut."""
    if answer.header("content-length") is not None or answer.header("transfer-encoding") is not None:
        return False
    return media.is_html(body, answer.header("content-type") or "") and media.lacks_end(body)


def _sendable(value: str) -> bool:
    """Whether a received header value can be sent back: visible ASCII and spaces, latin-1 beyond."""
    return all(" " <= character <= "\xff" and character != "\x7f" for character in value)


def _host(url: str) -> str:
    return ada_url.URL(url).hostname
