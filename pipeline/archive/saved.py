"""Where a saved page was: from what its saver wrote into it, from its place in a mirror, or from what it declares.

A path of this machine is never an address: what nothing tells the address of is named by its bytes (RFC 8141 urn).
"""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from pathlib import Path
from urllib.parse import quote

from pipeline.archive import warc
from pipeline.web.urls import fetch_form, is_home

HEAD = 256 << 10
"""Bytes of a page in which marks and declarations are looked for."""

_URL = rb"(https?://[^\s<>\"']{1,2000})"

MARKS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("SingleFile", re.compile(rb"Page saved with SingleFile\s{1,20}url:\s{0,20}" + _URL)),
    ("saved from url", re.compile(rb"<!--\s{0,20}saved from url=\(\d{1,6}\)" + _URL, re.IGNORECASE)),
    ("HTTrack", re.compile(rb"<!-- Mirrored from ([^\s<>\"']{1,2000}) by HTTrack", re.IGNORECASE)),
)
"""What savers write into a page: SingleFile; Internet Explorer, and after it Chromium and Firefox (the mark of the
web); HTTrack, which leaves the scheme out."""

_SAVED_AT = re.compile(
    rb"saved date:\s{0,5}([A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d{4} \d\d:\d\d:\d\d GMT[+-]\d{4})"
)
_TAG = re.compile(rb"<(?:link|meta)\b([^<>]{1,3000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    rb"([a-zA-Z:-]{1,30})\s{0,5}=\s{0,5}(?:\"([^\"]{0,2000})\"|'([^']{0,2000})'|([^\s\"'>]{1,2000}))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What the saver of a page wrote into it."""

    url: str | None = None
    """Fetch form."""
    at: datetime | None = None
    """When it was saved, aware UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mhtml:
    """The page in an MHTML file (RFC 2557)."""

    url: str | None
    at: datetime | None
    content_type: str
    body: bytes


def marks(body: bytes) -> Marks:
    """The address and time that the saver of a page noted in its first bytes."""
    head = body[:HEAD]
    for name, pattern in MARKS:
        if found := pattern.search(head):
            text = found[1].decode("utf-8", "replace")
            url = fetch_form(text if name != "HTTrack" else f"http://{text}")
            return Marks(url=url, at=_saved_at(head))
    return Marks()


def _saved_at(head: bytes) -> datetime | None:
    found = _SAVED_AT.search(head)
    try:
        return (
            datetime.strptime(found[1].decode(), "%a %b %d %Y %H:%M:%S GMT%z").astimezone(UTC)
            if found
            else None
        )
    except (ValueError, OverflowError):
        return None


def declared(body: bytes) -> str | None:
    """The address that a page gives itself: rel=canonical, then og:url; absolute, and not a front page."""
    canonical = og_url = None
    for tag in _TAG.finditer(body[:HEAD]):
        attributes = {m[1].lower(): m[2] or m[3] or m[4] or b"" for m in _ATTRIBUTE.finditer(tag[1])}
        if b"canonical" in attributes.get(b"rel", b"").lower().split():
            canonical = canonical or _believable(attributes.get(b"href", b""))
        elif attributes.get(b"property", attributes.get(b"name", b"")).lower() == b"og:url":
            og_url = og_url or _believable(attributes.get(b"content", b""))
    return canonical or og_url


def _believable(value: bytes) -> str | None:
    text = unescape(value.decode("utf-8", "replace")).strip()
    url = fetch_form(text) if text.startswith(("http://", "https://")) else None
    return url if url is not None and not is_home(url) else None


def mirrored(base: str, folder: Path, file: Path) -> str | None:
    """The address of a file of a mirror whose `folder` is `base`; of a base that is a scheme, its folders are hosts.

    As `wget --mirror` names files: `index.html` is the folder itself, `?` stands in names as it is, or as `@`.
    """
    path = file.relative_to(folder).as_posix() if file != folder else file.name
    name = path.rpartition("/")[2]
    if name == "index.html":
        path = path.removesuffix("index.html")
    path, mark, query = path.partition("?") if "?" in path else path.partition("@")
    address = quote(path, safe="/:%~!$&'()*+,;=") + (f"?{query}" if mark else "")
    whole = base if base.endswith("/") else base.rpartition("/")[0] + "/"
    return fetch_form(whole + address)


def from_mhtml(body: bytes) -> Mhtml | None:
    """The page in an MHTML file; None when it is none."""
    if b"multipart/related" not in body[:4096].lower() or not re.match(rb"[A-Za-z-]{2,40}:", body):
        return None
    try:
        message = email.message_from_bytes(body, policy=email.policy.compat32)
        page = next((part for part in message.walk() if part.get_content_type() == "text/html"), None)
        content = page.get_payload(decode=True) if page is not None else None
    except (ValueError, LookupError, RecursionError):
        return None
    if page is None or not isinstance(content, bytes):
        return None
    said = message.get("Snapshot-Content-Location") or page.get("Content-Location") or ""
    charset = page.get_content_charset()
    return Mhtml(
        url=fetch_form(str(said).strip()) if str(said).strip().startswith("http") else None,
        at=_mail_date(str(message.get("Date") or "")),
        content_type=f"text/html; charset={charset}" if charset else "text/html",
        body=content,
    )


def _mail_date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def nameless(body: bytes) -> str:
    """The name of a page that nothing tells the address of: the SHA-1 of its bytes."""
    return f"urn:{warc.sha1(body).lower()}"
