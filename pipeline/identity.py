"""Who asks: the user agent of a crawl, and the refusal of one that names nobody anywhere but on loopback.

A site's operator must be able to say stop (RFC 9110 §10.1.5: a contact address; so ask the guides of all large
crawlers). The user agent stands in `crawler.toml` beside the sources folder:

    user_agent = "my-corpus/1.0 (+https://corpus.my-university.cn/about; corpus@my-university.cn)"
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.errors import UsageError
from pipeline.tomlfile import parsed, unknown
from pipeline.web.fetch import USER_AGENT

FILE = "crawler.toml"
KEY = "user_agent"

FORM = "NAME/1.0 (+https://YOUR-SITE/; YOUR-MAIL)"
"""What a user agent should look like, short enough for a line of 60 columns."""

RESERVED = ("example", "invalid", "test", "localhost", "example.com", "example.net", "example.org")
"""Domains in which nobody can be reached (RFC 2606, RFC 6761)."""

_PART = re.compile(r"[\s;,()+<>\"']")


def user_agent(given: str | None, sources: Path, urls: Iterable[str]) -> str:
    """Who asks these addresses: the user agent given, else that of `crawler.toml` beside `sources`, else ours.

    UsageError for a bad file, and where it names nobody while an address lies outside of loopback.
    """
    path = sources.absolute().parent / FILE
    agent = given or _written(path) or USER_AGENT
    if names_somebody(agent) or all(is_loopback(url) for url in urls):
        return agent
    raise UsageError(
        f"nobody is asked under a name that names nobody: {agent!r} has no address of yours, at which a site could say"
        f" stop. Write one line into {path}, with your own address in it:\n"
        f'  {KEY} = "{FORM}"\n'
        f"or give it once: --user-agent '{FORM}'"
    )


def _written(path: Path) -> str | None:
    if not path.is_file():
        return None
    read = parsed(path)
    if read.problem:
        raise UsageError(read.problem)
    for key in read.table:
        if key != KEY:
            raise UsageError(f"{path}: {key}: {unknown(key, (KEY,))}")
    agent = read.table.get(KEY)
    if agent is not None and not (isinstance(agent, str) and agent.isascii() and agent.isprintable()):
        raise UsageError(f"{path}: {KEY} must be one line of ASCII in quotes, not {agent!r}")
    return agent


def names_somebody(agent: str) -> bool:
    """Whether a user agent holds the address of a page or a mailbox that may be somebody's."""
    for part in _PART.split(agent):
        host = _host(part) if part.startswith(("http://", "https://")) else part.partition("@")[2]
        labels = host.lower().rstrip(".").split(".")
        if len(labels) > 1 and labels[-1] not in RESERVED and ".".join(labels[-2:]) not in RESERVED:
            return True
    return False


def is_loopback(url: str) -> bool:
    """Whether an address leads to this machine."""
    host = _host(url)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
