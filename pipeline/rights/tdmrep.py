"""The TDM Reservation Protocol: what `/.well-known/tdmrep.json`, headers and meta elements reserve.

Source: W3C Community Group, TDMRep, final report of 10 May 2024 (w3.org/community/reports/tdmrep). The file is an array
of rules in order; the first whose `location` matches holds, case counts, `*` stands for anything and `$` at the end
for the end, as in robots.txt. 1 reserves, 0 does not, any other value is as if nothing were said; a policy beside 0
is not looked at. Headers take precedence over the file, meta elements over headers; what is absent takes nothing back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlsplit

from pipeline.records import Headers, Right

PATH = "/.well-known/tdmrep.json"

MAX_BYTES = 1024 * 1024
"""Of the file that is read (ours); real ones have a few hundred bytes. A larger one is as if there were none."""

MAX_RULES = 5_000
"""Rules of a file that are read, from the first on (ours)."""

MAX_URL = 4_000
"""Code points of a path that are held against the rules."""

_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_KEPT = "".join(map(chr, range(33, 127)))
_VALUES = {"1": "tdm_reserved", "0": "tdm_open"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of the file."""

    pieces: tuple[str, ...]
    """The location between its `*`, normalized."""
    is_whole: bool
    """Whether it ends with `$`."""
    said: tuple[Right, ...]
    """What it says."""


def is_file(body: bytes) -> bool:
    """Whether a body is such a file: an array. Many servers answer any address with a page."""
    return len(body) <= MAX_BYTES and isinstance(_parsed(body), list)


def reserved_by_file(body: bytes, url: str) -> tuple[Right, ...]:
    """What the first rule that matches the path of `url` says; () where none does, or the file is none."""
    path = _path(url)
    return next((rule.said for rule in _rules(body) if _matches(rule, path)), ())


def reserved_by_fields(values: Iterable[tuple[str, str]], place: str) -> list[Right]:
    """What tdm-reservation and tdm-policy among (name, value) pairs say: those of headers or of meta elements."""
    first: dict[str, str] = {}
    for name, value in values:
        first.setdefault(name.strip().lower(), value.strip())
    return list(_said(first.get("tdm-reservation"), first.get("tdm-policy"), place))


def reserved_by_headers(headers: Headers) -> list[Right]:
    """What the headers of an answer say."""
    return reserved_by_fields(headers, "header")


@lru_cache(maxsize=64)
def _rules(body: bytes) -> tuple[Rule, ...]:
    entries = _parsed(body) if len(body) <= MAX_BYTES else None
    found = []
    for entry in entries[:MAX_RULES] if isinstance(entries, list) else ():
        location = entry.get("location") if isinstance(entry, dict) else None
        said = _said(entry.get("tdm-reservation"), entry.get("tdm-policy"), "tdmrep.json") if location else ()
        if said and isinstance(location, str):
            whole = location.endswith("$")
            pieces = _normal(location.removesuffix("$")[:MAX_URL]).split("*")
            found.append(Rule(pieces=tuple(pieces), is_whole=whole, said=said))
    return tuple(found)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None


def _said(value: object, policy: object, place: str) -> tuple[Right, ...]:
    word = "" if isinstance(value, bool | float) else str(value)
    if (name := _VALUES.get(word)) is None:
        return ()
    rights = [Right(name=name, place=place, said=word)]
    if name == "tdm_reserved" and isinstance(policy, str) and policy.strip():
        rights.append(Right(name="tdm_policy", place=place, said=policy.strip()))
    return tuple(rights)


def _matches(rule: Rule, path: str) -> bool:
    """Whether a location matches a path from its beginning; linear: each piece is looked for once, leftmost."""
    first, *rest = rule.pieces
    if not path.startswith(first):
        return False
    if not rest:
        return not rule.is_whole or len(path) == len(first)
    at = len(first)
    last = rest.pop() if rule.is_whole else ""
    for piece in rest:
        at = path.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return len(path) - len(last) >= at and path.endswith(last)


def _path(url: str) -> str:
    """Path and query of an address, as locations are normalized; its own `*` and `$` as escapes."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _normal(path[:MAX_URL]).replace("*", "%2A").replace("$", "%24")


def _normal(path: str) -> str:
    """Escapes of unreserved ASCII undone (RFC 3986 §2.3), others in capitals, what is not ASCII as escapes of UTF-8."""
    return _ESCAPE.sub(_one_escape, quote(path, _KEPT))


def _one_escape(found: re.Match[str]) -> str:
    character = chr(int(found[0][1:], 16))
    return character if character in _UNRESERVED else found[0].upper()
