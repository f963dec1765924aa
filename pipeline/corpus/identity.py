"""What documents and texts are known by: ids and hashes that stay the same for ever."""

from __future__ import annotations

import hashlib

PARTS_LOOKED_UP = 8
"""How many parts of a page are looked for when it is captured again; extraction splits no further."""


def document_id(url_key: str, part: int) -> str:
    """The stable id of an article: of its URL's identity and its place on the page."""
    return hashlib.sha256(f"{url_key}\n{part}".encode()).hexdigest()[:32]


def part_ids(url_key: str) -> list[str]:
    """Ids of the articles that a page may print, in order."""
    return [document_id(url_key, part) for part in range(1, PARTS_LOOKED_UP + 1)]


def short_hash(text: str) -> str:
    """First 32 hex digits of the SHA-256 of a text, empty for an empty text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32] if text else ""
