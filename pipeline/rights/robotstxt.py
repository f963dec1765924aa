"""The rules in the bytes of a robots.txt: protego's, made to read them as RFC 9309 says.

Whose rules hold when there is no such file, or something else in its place, is `crawl.robots`'s to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import quote

from protego import Protego

from pipeline.records import Right
from pipeline.rules import table

MAX_BYTES = 500 * 1024
"""Of robots.txt that are read (RFC 9309 §2.5: at least 500 KiB)."""

_TOKEN = re.compile(r"[A-Za-z_-]+")
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_RULE_PATH = re.compile(r"^(\s*+(?:dis)?allow\s*+:\s*+)(.*)$", re.IGNORECASE)
_AGENT = re.compile(r"^\s*user[- ]?agent\s*:([^#]*)", re.IGNORECASE)
_ASCII = " " + "".join(map(chr, range(33, 127)))
_KNOWN = ("user", "allow", "dis", "dia", "crawl", "request", "site")
"""How lines begin that say something to protego, common misspellings included."""
_PACE = ("crawl", "request")
_SOMEBODY = "|"
"""Stands for every other crawler; no product token contains it."""


Rules = Protego
"""The rules of one file, for any crawler."""


def product_token(user_agent: str) -> str:
    """The name a robots.txt knows us by: the leading letters, hyphens, underscores (RFC 9309 §2.2.1)."""
    found = _TOKEN.match(user_agent)
    return found[0] if found else "*"


def within_cap(body: bytes) -> bytes:
    """At most MAX_BYTES of a robots.txt, cut at a line end."""
    if len(body) <= MAX_BYTES:
        return body
    body = body[:MAX_BYTES]
    return body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1]


def rules_and_pace(text: str, agent: str) -> tuple[Rules, Rules]:
    """What a robots.txt lets the crawler of a product token fetch, and how often, each as protego reads it best."""
    lines = [_for_protego(line, (agent,), product_token) for line in text.splitlines()]
    return _rules(lines), Protego.parse("\n".join(lines))


def _rules(lines: list[str]) -> Rules:
    # For protego a Crawl-delay ends the list of a group's names; by RFC 9309 §2.2.4 it must not.
    return Protego.parse("\n".join(line for line in lines if not line.lower().lstrip().startswith(_PACE)))


def _for_protego(line: str, agents: tuple[str, ...], token_of: Callable[[str], str]) -> str:
    """A line spelled so that protego reads what RFC 9309 says.

    Raw non-ASCII in paths is percent-encoded as its own bytes (a GBK rule then meets a GBK URL). Names
    of crawlers end at the first character that cannot be in a product token and must equal one of `agents`: protego
    would take `news` for `news-corpus`. Lines of unknown meaning go, lest they end a group (RFC 9309 §2.2.4).
    """
    if (rule := _RULE_PATH.match(line)) is not None and not rule[2].isascii():
        return rule[1] + quote(rule[2].encode("utf-8", "surrogateescape"), _ASCII)
    if (named := _AGENT.match(line)) is not None:
        name = named[1].strip()
        token = "*" if name.split(" ")[0] == "*" else token_of(name)
        if name and token not in {"*", *agents}:
            token = next((agent for agent in agents if token.lower() == agent.lower()), _SOMEBODY)
        return f"user-agent: {token if name else ''}"
    return line if line.lower().lstrip().startswith(_KNOWN) else ""


def barred(body: bytes, url: str) -> list[Right]:
    """The AI crawlers of rules/ai-agents.tsv that a robots.txt keeps from `url` (in fetch form) by their own name.

    What is forbidden to all is no word on AI: it is not told.
    """
    named, rules = _of_agents(within_cap(body))
    return [
        Right(name="ai_barred", place="robots.txt", said=agent)
        for agent in named
        if not rules.can_fetch(url, agent)
    ]


@lru_cache(maxsize=64)
def _of_agents(body: bytes) -> tuple[tuple[str, ...], Rules]:
    """The AI crawlers that a robots.txt has groups for, and its rules for these, read once for all of its pages."""
    agents = tuple(token for token, *_ in table("ai-agents"))
    lines = body.decode("utf-8-sig", "surrogateescape").splitlines()
    said = {_named(found[1].strip()).lower() for line in lines if (found := _AGENT.match(line))}
    named = tuple(agent for agent in agents if agent.lower() in said)
    return named, _rules([_for_protego(line, named, _named) for line in lines] if named else [])


def _named(name: str) -> str:
    """The token that a line `User-agent:` names; with digits, which some have although RFC 9309 knows none (AI2Bot)."""
    found = _NAME.match(name)
    return found[0] if found else "*"
