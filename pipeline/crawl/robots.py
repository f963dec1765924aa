"""What robots.txt allows, and how often: protego's rules under the retrieval rules of RFC 9309.

An unreachable robots.txt closes the site, a missing one opens it (RFC 9309 §2.3.1.3 and §2.3.1.4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote

import ada_url
from protego import Protego

from pipeline.crawl import media
from pipeline.crawl.blocks import judge_page
from pipeline.crawl.fetched import Fetched

MAX_BYTES = 500 * 1024
"""Of robots.txt that are read (RFC 9309 §2.5: at least 500 KiB)."""
TTL = 24 * 3600.0
"""Seconds an answer holds (RFC 9309 §2.4)."""
TTL_DOUBTFUL = 3600.0
"""Seconds a failure, or an answer that is no robots.txt, holds."""

_TOKEN = re.compile(r"[A-Za-z_-]+")
_RULE_PATH = re.compile(r"^(\s*(?:dis)?allow\s*:\s*)(.*)$", re.IGNORECASE)
_AGENT = re.compile(r"^(\s*user-agent\s*:\s*)(.*)$", re.IGNORECASE)


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
    agent: str = ""
    """Our product token."""
    _rules: Protego | None = field(default=None, repr=False, compare=False)

    def allows(self, url: str) -> bool:
        """Whether the rules let us fetch `url` (absolute, in fetch form); robots.txt itself always."""
        if self.deny_all:
            return False
        if self.allow_all or self._rules is None or ada_url.URL(url).pathname == "/robots.txt":
            return True
        return bool(self._rules.can_fetch(url, self.agent))


def judge_robots(fetched: Fetched, user_agent: str) -> Robots:
    """The rules that follow from an answer to `/robots.txt`, whatever it was.

    2xx: parsed. 4xx but 429, and too many redirects: everything allowed. 429, 5xx, and no answer:
    nothing. A block page in its place denies, other HTML allows and is noted.
    """
    agent = product_token(user_agent)
    if fetched.outcome in {"redirect_loop"}:
        return Robots(allow_all=True, agent=agent, note="too many redirects: taken as missing")
    unavailable = 400 <= fetched.status < 500 and fetched.status != 429
    if unavailable or fetched.outcome == "empty":
        return Robots(allow_all=True, agent=agent, note=f"{fetched.status} {fetched.outcome}: no rules")
    readable = fetched.outcome == "ok" or (fetched.outcome == "too_large" and fetched.body)
    if not readable:
        note = f"{fetched.status or 'no answer'} {fetched.outcome}: closed until it answers"
        return Robots(deny_all=True, agent=agent, ttl=TTL_DOUBTFUL, note=note)
    if _is_page(fetched):
        if judge_page(fetched.status, fetched.headers, fetched.body) == "blocked":
            return Robots(deny_all=True, agent=agent, ttl=TTL_DOUBTFUL, note="a block page in place of rules")
        return Robots(allow_all=True, agent=agent, ttl=TTL_DOUBTFUL, note="HTML in place of rules")
    return parse_robots(fetched.body, user_agent)


def parse_robots(body: bytes, user_agent: str) -> Robots:
    """The rules in the bytes of a robots.txt, at most MAX_BYTES of them, cut at a line end."""
    note = "rules read"
    if len(body) > MAX_BYTES:
        body = body[:MAX_BYTES]
        body = body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1]
        note = f"only the first {MAX_BYTES} bytes read"
    text = body.decode("utf-8-sig", "surrogateescape")
    agent = product_token(user_agent)
    rules = Protego.parse("\n".join(_for_protego(line) for line in text.splitlines()))
    rate = rules.request_rate(agent)
    delays = [rules.crawl_delay(agent), rate.seconds / rate.requests if rate and rate.requests else None]
    known = [float(delay) for delay in delays if delay is not None and delay >= 0]
    return Robots(
        text=text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
        delay=max(known, default=None),
        sitemaps=tuple(dict.fromkeys(rules.sitemaps)),
        note=note,
        agent=agent,
        _rules=rules,
    )


def product_token(user_agent: str) -> str:
    """The name a robots.txt knows us by: the leading letters, hyphens, underscores (RFC 9309 §2.2.1)."""
    found = _TOKEN.match(user_agent)
    return found[0] if found else "*"


def _for_protego(line: str) -> str:
    """A line spelled so that protego reads what RFC 9309 says.

    Raw non-ASCII in paths is percent-encoded as its own bytes (a GBK rule then meets a GBK URL), and
    agent names end at the first character that cannot be in a product token.
    """
    if (rule := _RULE_PATH.match(line)) is not None and not rule[2].isascii():
        return rule[1] + quote(
            rule[2].encode("utf-8", "surrogateescape"), safe="".join(map(chr, range(33, 127))) + " "
        )
    if (named := _AGENT.match(line)) is not None and (token := _TOKEN.match(named[2].strip())) is not None:
        return named[1] + token[0]
    return line


def _is_page(fetched: Fetched) -> bool:
    head = fetched.body[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith(b"<") and media.is_html(fetched.body, "")
