"""What belongs to a source: which addresses are its own, which of them are wanted, where a redirect may lead."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from pipeline.archive.blocklist import NOTHING, Blocklist
from pipeline.errors import UsageError
from pipeline.records import Reason, Source
from pipeline.web.urls import domain, fetch_form, is_home, url_key

MAX_SEGMENTS = 16
MAX_REPEATS = 3
"""A path deeper than MAX_SEGMENTS, or with one segment more than MAX_REPEATS times, is a link that a broken
relative address lengthens at every step."""
MAX_URL = 2_000
"""Characters of the longest link that is followed."""

_NOT_A_PAGE = re.compile(
    r"\.(?:jpe?g|png|gif|webp|svg|ico|bmp|css|js|json|mp3|mp4|m3u8|flv|avi|mov|wmv|wav|pdf|docx?|xlsx?|pptx?"
    r"|zip|rar|7z|gz|tgz|exe|apk|ipa|dmg|iso)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A source with its addresses sorted out once, so that the cost of a link does not grow with their number."""

    source: Source
    ports: frozenset[int]
    """Ports that its addresses name."""
    domains: frozenset[str]
    """Registrable domains (urls.domain) of its addresses."""
    named: frozenset[str]
    """URL keys of the articles its file names outright."""
    fronts: frozenset[str]
    """URL keys of its home and listings."""
    blocked: Blocklist = NOTHING
    """What was taken down."""


def scope_of(source: Source, blocked: Blocklist = NOTHING) -> Scope:
    """The scope of a source."""
    listings = tuple(each.url for each in source.listings)
    return Scope(
        source=source,
        ports=frozenset(port for each in source.addresses if (port := urlsplit(each).port)),
        domains=frozenset(domain(each) for each in source.addresses) - {""},
        named=frozenset(url_key(each) for each in source.urls),
        fronts=frozenset(url_key(each) for each in (source.home, *listings)),
        blocked=blocked,
    )


def on_own_site(scope: Scope, url: str) -> bool:
    """Whether `url` is on a site (registrable domain) of the source's home, lists or named URLs."""
    return domain(url) in scope.domains


def unwanted(scope: Scope, url: str) -> str | None:
    """Why `url` (fetch form) is not fetched for the source; None: it is wanted.

    What was taken down never is. URLs the user named outright always are, however they are spelled. `exclude` wins
    over `include`; without `include` a URL has to be on a site of the source's own. Globs match the whole URL;
    fnmatch's expressions are free of backtracking blow-up (atomic groups, CPython bpo-40480).
    """
    if is_taken_down(scope, url):
        return Reason.TAKEDOWN
    reason = _by_patterns(scope, url)
    return None if reason and scope.named and url_key(url) in scope.named else reason


def is_taken_down(scope: Scope, url: str) -> bool:
    """Whether the page of a URL was taken down: it is not asked for, whoever names it."""
    return bool(scope.blocked.urls) and scope.blocked.has_url(url_key(url))


def owns(scope: Scope, url: str) -> bool:
    """Whether `url` is one that the source wants, or on a site of its own."""
    return unwanted(scope, url) is None or on_own_site(scope, url)


def may_lead_to(scope: Scope, url: str) -> bool:
    """Whether a redirect may be followed to `url`: not taken down, not excluded, on a site of its own or included."""
    source = scope.source
    if is_taken_down(scope, url):
        return False
    return not _fits(url, source.exclude) and (on_own_site(scope, url) or _fits(url, source.include))


def is_front(scope: Scope, url: str) -> bool:
    """Whether `url` shows no article but leads to many: a host's front page, the source's home or a listing."""
    return is_home(url) or url_key(url) in scope.fronts


def by_source(sources: Sequence[Source], urls: Sequence[str]) -> dict[str, list[str]]:
    """source name → the URLs (fetch form, each page once) that are its own; UsageError names the strangers."""
    scopes = [scope_of(each) for each in sources]
    asked: dict[str, dict[str, str]] = {each.name: {} for each in sources}
    strangers = []
    for url in dict.fromkeys(urls):
        address = fetch_form(url)
        owner = next((each for each in scopes if address and owns(each, address)), None)
        if owner is None or address is None:
            strangers.append(url)
        else:
            asked[owner.source.name].setdefault(url_key(address), address)
    if strangers:
        raise UsageError("no source is declared for " + ", ".join(strangers))
    return {name: list(found.values()) for name, found in asked.items()}


def _by_patterns(scope: Scope, url: str) -> str | None:
    source = scope.source
    if _fits(url, source.exclude):
        return "excluded"
    if _is_trap(url):
        return "trap"
    if _NOT_A_PAGE.fullmatch(_ending(url)):
        return "not_a_page"
    if source.include:
        return None if _fits(url, source.include) else "not_included"
    return None if on_own_site(scope, url) else "foreign"


def _fits(url: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(url, pattern) for pattern in patterns)


def _is_trap(url: str) -> bool:
    if len(url) > MAX_URL:
        return True
    segments = [segment for segment in urlsplit(url).path.split("/") if segment]
    return len(segments) > MAX_SEGMENTS or any(n > MAX_REPEATS for n in Counter(segments).values())


def _ending(url: str) -> str:
    name = urlsplit(url).path.rpartition("/")[2]
    dot = name.rfind(".")
    return name[dot:] if dot >= 0 else ""
