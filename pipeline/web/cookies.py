"""Cookies of one run, by host: enough to pass a page that sets one and sends us back to itself."""

from __future__ import annotations

from pipeline.web.urls import parse_url

MAX_PER_HOST = 20
"""Cookies kept of one host."""
MAX_LENGTH = 4096
"""Longest cookie in characters (RFC 6265 §6.1)."""


class Cookies:
    """The cookies hosts gave us, kept for this run only.

    Domain, Path and Secure are ignored: a cookie returns to the very host that set it and to no other.
    """

    def __init__(self) -> None:
        self._hosts: dict[str, dict[str, str]] = {}

    def line(self, url: str) -> str:
        """The Cookie header for `url`; "" if there is none."""
        kept = self._hosts.get(parse_url(url).hostname, {})
        return "; ".join(f"{name}={value}" for name, value in kept.items())

    def keep(self, url: str, headers: tuple[tuple[str, str], ...]) -> None:
        """Take in the Set-Cookie headers of an answer from `url`; an expired or empty cookie is removed."""
        jar = self._hosts.setdefault(parse_url(url).hostname, {})
        for header, line in headers:
            if header.lower() != "set-cookie" or len(line) > MAX_LENGTH or not sendable(line):
                continue
            pair, _, attributes = line.partition(";")
            name, _, value = pair.strip().partition("=")
            if not value or "max-age=0" in attributes.lower().replace(" ", ""):
                jar.pop(name, None)
            elif name and (name in jar or len(jar) < MAX_PER_HOST):
                jar[name] = value


def sendable(value: str) -> bool:
    """Whether a received header value may be sent back: no control characters, nothing beyond latin-1."""
    return all(" " <= character <= "\xff" and character != "\x7f" for character in value)
