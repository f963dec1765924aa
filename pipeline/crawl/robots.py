"""What robots.txt allows, and how often: protego's rules under the retrieval rules of RFC 9309.

An unreachable robots.txt closes the site, a missing one opens it (RFC 9309 §2.3.1.3 and §2.3.1.4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from protego import Protego

from pipeline.records import Outcome
from pipeline.web import media
from pipeline.web.blocks import judge_page
from pipeline.web.fetched import Fetched
from pipeline.web.urls import fetch_form

MAX_BYTES = 500 * 1024
"""Of robots.txt that are read (RFC 9309 §2.5: at least 500 KiB)."""
TTL = 24 * 3600.0
"""Seconds an answer holds (RFC 9309 §2.4)."""
TTL_DOUBTFUL = 3600.0
"""Seconds a failure, or an answer that is no robots.txt, holds."""

_TOKEN = re.compile(r"[A-Za-z_-]+")
_RULE_PATH = re.compile(r"^(\s*+(?:dis)?allow\s*+:\s*+)(.*)$", re.IGNORECASE)
_AGENT = re.compile(r"^\s*user[- ]?agent\s*:([^#]*)", re.IGNORECASE)
_ASCII = " " + "".join(map(chr, range(33, 127)))
_KNOWN = ("user", "allow", "dis", "dia", "crawl", "request", "site")
"""How lines begin that say something to protego, common misspellings included."""
_PACE = ("crawl", "request")
_SOMEBODY = "|"
"""Stands for every other crawler; no product token contains it."""


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
        """Whether the rules let us fetch `url` (absolute); never what we do not fetch at all."""
        asked = fetch_form(url)
        if self.deny_all or asked is None:
            return False
        return self.allow_all or self._rules is None or bool(self._rules.can_fetch(asked, self.agent))


def judge_robots(fetched: Fetched, user_agent: str) -> Robots:
    """The rules that follow from an answer to `/robots.txt`, whatever it was.

    2xx: parsed. 4xx but 429, and too many redirects: everything allowed. 429, 5xx, and no answer:
    nothing. A block page in its place (also under 4xx) closes the site, other HTML opens it.
    """
    agent = product_token(user_agent)
    closed = Robots(deny_all=True, agent=agent, ttl=TTL_DOUBTFUL)
    opened = Robots(allow_all=True, agent=agent)
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
    """The rules in the bytes of a robots.txt, at most MAX_BYTES of them, cut at a line end."""
    note = "rules read"
    if len(body) > MAX_BYTES:
        body = body[:MAX_BYTES]
        body = body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1]
        note = f"only the first {MAX_BYTES} bytes read"
    text = body.decode("utf-8-sig", "surrogateescape")
    agent = product_token(user_agent)
    lines = [_for_protego(line, agent) for line in text.splitlines()]
    # For protego a Crawl-delay ends the list of a group's names; by RFC 9309 §2.2.4 it must not.
    rules = Protego.parse("\n".join(line for line in lines if not line.lower().lstrip().startswith(_PACE)))
    pace = Protego.parse("\n".join(lines))
    rate = pace.request_rate(agent)
    delays = [pace.crawl_delay(agent), rate.seconds / rate.requests if rate and rate.requests else None]
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


def _for_protego(line: str, agent: str) -> str:
    """A line spelled so that protego reads what RFC 9309 says.

    Raw non-ASCII in paths is percent-encoded as its own bytes (a GBK rule then meets a GBK URL). Names
    of crawlers end at the first character that cannot be in a product token and must equal ours: protego
    would take `news` for `news-corpus`. Lines of unknown meaning go, lest they end a group (RFC 9309 §2.2.4).
    """
    if (rule := _RULE_PATH.match(line)) is not None and not rule[2].isascii():
        return rule[1] + quote(rule[2].encode("utf-8", "surrogateescape"), _ASCII)
    if (named := _AGENT.match(line)) is not None:
        name = named[1].strip()
        token = "*" if name.split(" ")[0] == "*" else product_token(name)
        if name and token not in {"*", agent}:
            token = agent if token.lower() == agent.lower() else _SOMEBODY
        return f"user-agent: {token if name else ''}"
    return line if line.lower().lstrip().startswith(_KNOWN) else ""


def _is_page(body: bytes) -> bool:
    head = body[:2048].removeprefix(b"\xef\xbb\xbf").lstrip()
    return head.startswith(b"<") and media.is_html(head, "")


def _is_block(fetched: Fetched) -> bool:
    return judge_page(fetched.status, fetched.headers, fetched.body) == Outcome.BLOCKED
