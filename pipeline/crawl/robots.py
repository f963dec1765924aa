"""What robots.txt allows, and how often, under the retrieval rules of RFC 9309.

An unreachable robots.txt closes the site, a missing one opens it (RFC 9309 §2.3.1.3 and §2.3.1.4).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pipeline.records import Outcome
from pipeline.rights import robotstxt
from pipeline.rights.robotstxt import MAX_BYTES, SITEMAP, Rules, product_token
from pipeline.web import media
from pipeline.web.blocks import judge_page
from pipeline.web.fetched import Fetched
from pipeline.web.urls import fetch_form

TTL = 24 * 3600.0
"""Seconds an answer holds (RFC 9309 §2.4)."""
TTL_DOUBTFUL = 3600.0
"""Seconds a failure, or an answer that is no robots.txt, holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Robots:
    """The rules of one host for our user agent."""

    text: str = ""
    """The file as read."""
    allow_all: bool = False
    deny_all: bool = False
    delay: float | None = None
    """Crawl-delay or the interval of Request-rate in seconds, the longer one."""
    sitemaps: tuple[str, ...] = ()
    """URLs of its Sitemap lines."""
    ttl: float = TTL
    """Seconds this answer may be used."""
    note: str = ""
    """Why it is so, for the archive."""
    _rules: Rules | None = field(default=None, repr=False, compare=False)

    def allows(self, url: str) -> bool:
        """Whether the rules let us fetch `url` (absolute); never what we do not fetch at all."""
        asked = fetch_form(url)
        if self.deny_all or asked is None:
            return False
        return self.allow_all or self._rules is None or self._rules.allow(asked)


def judge_robots(fetched: Fetched, user_agent: str) -> Robots:
    """The rules that follow from an answer to `/robots.txt`, whatever it was.

    2xx: parsed. 4xx but 429, and too many redirects: everything allowed. 429, 5xx, and no answer:
    nothing. A block page in its place (also under 4xx) closes the site, other HTML opens it.
    """
    closed = Robots(deny_all=True, ttl=TTL_DOUBTFUL)
    opened = Robots(allow_all=True)
    answer = f"{fetched.status or 'no answer'} {fetched.outcome}"
    is_page = _is_page(fetched.body)
    if (is_page or fetched.status >= 400) and _is_block(fetched):
        return replace(closed, note=f"{answer}: a block page in place of rules")
    if fetched.outcome == Outcome.REDIRECT_LOOP:
        return replace(opened, note="too many redirects: taken as missing")
    if fetched.outcome == Outcome.EMPTY or (400 <= fetched.status < 500 and fetched.status != 429):
        return replace(opened, note=f"{answer}: no rules")
    if fetched.outcome not in {Outcome.OK, Outcome.TOO_LARGE} or not fetched.body:
        return replace(closed, note=f"{answer}: closed until it answers")
    if is_page:
        return replace(opened, ttl=TTL_DOUBTFUL, note="HTML in place of rules")
    return parse_robots(fetched.body, user_agent)


def parse_robots(body: bytes, user_agent: str) -> Robots:
    """The rules in the bytes of a robots.txt, at most MAX_BYTES of them, cut at a line end.

    What reads as no text at all closes the site: it may well hold rules, and nobody knows which.
    """
    text = robotstxt.text_of(body)
    told = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    said = robotstxt.statements(text)
    if not robotstxt.is_text(text, said):
        note = "not readable as text: closed until it is"
        return Robots(text=told, deny_all=True, ttl=TTL_DOUBTFUL, note=note)
    ours = robotstxt.of_agent(said, product_token(user_agent))
    return Robots(
        text=told,
        delay=robotstxt.pace_of(ours),
        sitemaps=tuple(dict.fromkeys(each.value for each in said if each.word == SITEMAP)),
        note="rules read" if len(body) <= MAX_BYTES else f"only the first {MAX_BYTES} bytes read",
        _rules=Rules(ours),
    )


def _is_page(body: bytes) -> bool:
    head = body[:2048].removeprefix(b"\xef\xbb\xbf").lstrip()
    return head.startswith(b"<") and media.is_html(head, "")


def _is_block(fetched: Fetched) -> bool:
    return judge_page(fetched.status, fetched.headers, fetched.body) == Outcome.BLOCKED
