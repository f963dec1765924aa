"""One page, within limits, never by raising: whatever the web does becomes an outcome word.

Redirects are followed by hand, so that every hop is judged (scheme, port, address, the caller's robots
rules) and kept; bodies are unpacked by our own capped decoder; retries repeat the fetch of a whole body.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType

from pipeline.records import Outcome
from pipeline.web import media, redirects
from pipeline.web.answers import Verdict, judge_answer
from pipeline.web.blocks import judge_page
from pipeline.web.connections import Resolve, TransportError, resolve_name
from pipeline.web.cookies import Cookies, sendable
from pipeline.web.fetched import Fetched, Hop, Limits
from pipeline.web.pace import backoff
from pipeline.web.transport import Answer, Transport
from pipeline.web.urls import fetch_form, is_home, parse_url, same_site

logger = logging.getLogger("pipeline.web")

__all__ = ["ACCEPT", "USER_AGENT", "Client", "Fetched", "Hop", "Limits"]

USER_AGENT = "zh-article-corpus/0.1 (+https://example.org/zh-article-corpus; crawler@example.org)"
ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
_CONDITIONS = ("If-None-Match", "If-Modified-Since")
_TRUNCATED = {Outcome.TOO_LARGE: "length", Outcome.TIMEOUT: "time", Outcome.INCOMPLETE: "disconnect"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Got:
    """One request, what came, and the verdict."""

    verdict: Verdict
    answer: Answer | None
    sent: tuple[tuple[str, str], ...]
    fetched_at: datetime


@dataclass(slots=True, kw_only=True)
class _Journey:
    """State of one `get`: what was asked, what happened so far."""

    url: str
    headers: dict[str, str]
    limits: Limits
    hop_allowed: Callable[[str], Awaitable[bool]] | None
    pause: Callable[[str], Awaitable[None]] | None
    spent: float = 0.0
    failures: int = 0
    hops: list[Hop] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)
    """(URL, cookies) asked for: a page may set a cookie and send us back to itself."""


class Client:
    """Connections and cookies of one run. Use as `async with Client(...) as client`."""

    def __init__(
        self,
        *,
        user_agent: str = USER_AGENT,
        allow_private: bool = False,
        limits: Limits | None = None,
        ports: Iterable[int] = (),
        resolve: Resolve = resolve_name,
        verify: ssl.SSLContext | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`ports`: those in the source's own URLs, besides 80 and 443; with `allow_private` any will do."""
        self._user_agent = user_agent
        self._limits = limits or Limits()
        self._ports = None if allow_private else frozenset({80, 443, *ports})
        self._cookies = Cookies(now)
        self._now = now
        self._transport = Transport(
            allow_private=allow_private,
            connect=self._limits.connect,
            read=self._limits.read,
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
        span: tuple[int, int] | None = None,
    ) -> Fetched:
        """Fetch `url`; what the web does never raises.

        `etag` and `last_modified` are sent exactly as they were received and make a 304 `unchanged`.
        `expect="html"` turns other content into `not_html`. `hop_allowed` is asked about every redirect
        target; `pause` is awaited before every request, retries and hops included (the host's delay).
        `limits` replaces the client's for this fetch (its `connect` and `read` do not). `span` asks for these bytes
        alone, [start, end): a server that gives them answers 206, which is here a status as any other (`http_error`).
        """
        headers = {
            "User-Agent": self._user_agent,
            "Accept": accept,
            "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5",
            "Accept-Encoding": "gzip, deflate, br, zstd",
        }
        for name, validator in zip(_CONDITIONS, (etag, last_modified), strict=True):
            if validator and sendable(validator):
                headers[name] = validator
        if span is not None:
            headers |= {"Range": f"bytes={span[0]}-{span[1] - 1}", "Accept-Encoding": "identity"}
        journey = _Journey(
            url=url, headers=headers, limits=limits or self._limits, hop_allowed=hop_allowed, pause=pause
        )
        current = fetch_form(url)
        if current is None:
            return self._refused(journey, url, Outcome.ADDRESS_REFUSED, "not a URL we fetch")
        while True:
            if (refusal := await self._refusal(journey, current)) is not None:
                return self._refused(journey, current, *refusal)
            journey.seen.add((current, self._cookies.line(current)))
            got = await self._with_retries(journey, current)
            target = self._target(journey, got, current)
            if target is None or got.answer is None:
                return self._finish(journey, current, got, expect)
            journey.hops.append(
                Hop(
                    url=current,
                    status=got.answer.status,
                    headers=got.answer.headers,
                    body=got.verdict.body,
                    fetched_at=got.fetched_at,
                )
            )
            if not same_site(current, target):  # another site's validators would mean nothing there
                for name in _CONDITIONS:
                    headers.pop(name, None)
            current = target

    async def _refusal(self, journey: _Journey, url: str) -> tuple[Outcome, str] | None:
        """Outcome and reason why `url` must not be asked for, or None."""
        parsed = parse_url(url)
        port = int(parsed.port) if parsed.port else {"http:": 80, "https:": 443}[parsed.protocol]
        if self._ports is not None and port not in self._ports:
            return Outcome.ADDRESS_REFUSED, f"port {port}"
        if len(journey.hops) > journey.limits.redirects:
            return Outcome.REDIRECT_LOOP, f"more than {journey.limits.redirects} redirects"
        if (url, self._cookies.line(url)) in journey.seen:
            return Outcome.REDIRECT_LOOP, "an address seen before"
        if journey.hops and journey.hop_allowed is not None and not await journey.hop_allowed(url):
            return Outcome.HOP_REFUSED, "the caller refused it"
        return None

    def _target(self, journey: _Journey, got: _Got, url: str) -> str | None:
        """Where an answer sends us; None if it is the last one."""
        answer, body = got.answer, got.verdict.body
        if answer is None:
            return None
        if got.verdict.outcome == Outcome.REDIRECT:
            location = answer.header("location")
            return redirects.location_of(location, url) if location else None
        if got.verdict.outcome != Outcome.OK or not media.is_html(body, answer.header("content-type")):
            return None
        return self._target_in_page(journey, answer, body, url)

    def _target_in_page(self, journey: _Journey, answer: Answer, body: bytes, url: str) -> str | None:
        """Where a page sends us by itself, on its own site.

        Not to the front page, and not from an error page: "not found, back home in three seconds" is the
        answer, and the front page is not the article.
        """
        for note, target in (
            ("meta-refresh", redirects.refresh_of(body, url)),
            ("js_redirect", redirects.script_move_of(body, url)),
        ):
            if target is None or (is_home(target) and not is_home(url)) or not same_site(url, target):
                continue
            new = (target, self._cookies.line(target)) not in journey.seen
            if new and judge_page(answer.status, answer.headers, body) is None:
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
            verdict = got.verdict
            exhausted = journey.failures + 1 >= limits.tries or journey.spent >= limits.deadline
            if made > verdict.retry or exhausted:
                return got
            journey.failures += 1
            status = got.answer.status if got.answer else 0
            journey.notes.append(
                f"try {journey.failures}: {status} {verdict.outcome} {' '.join(verdict.notes)}"
            )
            if verdict.identity:
                journey.headers["Accept-Encoding"] = "identity"
            if status == 304:
                journey.headers["Cache-Control"] = "no-cache"
            wait = verdict.retry_after
            await asyncio.sleep(backoff(journey.failures, url, limits.backoff) if wait is None else wait)

    async def _request(self, journey: _Journey, url: str) -> _Got:
        limits = journey.limits
        sent = (("Host", parse_url(url).host), *journey.headers.items())
        if cookie := self._cookies.line(url):
            sent = (*sent, ("Cookie", cookie))
        arrived: list[Answer] = []
        failure: TransportError | None = None
        fetched_at, started = self._now(), time.perf_counter()
        try:
            async with asyncio.timeout(max(limits.deadline - journey.spent, 0.0)):
                await self._transport.send(url, sent, limits.wire_bytes, arrived.append)
        except TimeoutError:
            failure = TransportError(Outcome.TIMEOUT, "deadline of the whole fetch")
        except TransportError as error:
            failure = error
        journey.spent += time.perf_counter() - started
        answer = arrived[0] if arrived else None
        if answer is not None:
            self._cookies.keep(url, answer.headers)
        verdict = judge_answer(
            answer,
            failure,
            conditional=any(name in journey.headers for name in _CONDITIONS),
            body_cap=limits.body_bytes,
            wait_cap=limits.wait,
            now=fetched_at.timestamp(),
        )
        return _Got(verdict=verdict, answer=answer, sent=sent, fetched_at=fetched_at)

    def _finish(self, journey: _Journey, url: str, got: _Got, expect: str | None) -> Fetched:
        answer, verdict = got.answer, got.verdict
        outcome, notes = verdict.outcome, [*journey.notes, *verdict.notes]
        if answer is not None and outcome == Outcome.REDIRECT:
            location = answer.header("location")
            outcome = Outcome.ADDRESS_REFUSED if location else Outcome.HTTP_ERROR
            notes.append(f"redirect to {location[:200]}" if location else "redirect without Location")
        content_type = answer.header("content-type") if answer else ""
        if outcome == Outcome.OK and expect == "html" and not media.is_html(verdict.body, content_type):
            outcome = Outcome.NOT_HTML
        status, size, spent = answer.status if answer else 0, len(verdict.body), journey.spent
        logger.debug("%s: %s, status %d, %d bytes, %.2f s", journey.url, outcome, status, size, spent)
        return Fetched(
            url=journey.url,
            final_url=url,
            fetched_at=got.fetched_at,
            status=answer.status if answer else 0,
            headers=answer.headers if answer else (),
            body=verdict.body,
            outcome=outcome,
            hops=tuple(journey.hops),
            peer=answer.peer if answer else None,
            elapsed_ms=round(journey.spent * 1000),
            notes=tuple(notes),
            retry_after=verdict.retry_after,
            request_headers=got.sent,
            truncated=_TRUNCATED.get(outcome) if answer else None,
            protocol=answer.protocol if answer else "HTTP/1.1",
            reason=answer.reason if answer else "",
        )

    def _refused(self, journey: _Journey, url: str, outcome: Outcome, why: str) -> Fetched:
        return Fetched(
            url=journey.url,
            final_url=url,
            fetched_at=self._now(),
            outcome=outcome,
            hops=tuple(journey.hops),
            elapsed_ms=round(journey.spent * 1000),
            notes=(*journey.notes, why),
        )
