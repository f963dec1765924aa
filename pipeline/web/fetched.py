"""What a fetch may cost, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pipeline.records import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one fetch may cost. Sizes in bytes, times in seconds."""

    body_bytes: int = 8 * 1024 * 1024
    """Cap of the unpacked body (ours); news-crawl, which fills CC-NEWS, stops at 5 MiB."""
    wire_bytes: int = 8 * 1024 * 1024
    """Cap of the body as on the wire."""
    redirects: int = 5
    """Hops followed, as RFC 2068 §10.3 advised and RFC 9110 §15.4 still tells."""
    tries: int = 3
    """Requests that may fail in one fetch before it is given up."""
    connect: float = 10.0
    """Name resolution, and each connection."""
    read: float = 20.0
    """Longest silence of the server."""
    deadline: float = 60.0
    """All requests of one fetch together, hops and retries included, waiting between them not. `read` alone ends no
    body that drips: one byte each 0.2 s held a client of 5 s until we stopped it."""
    wait: float = 60.0
    """Longest Retry-After that is waited for in place; a longer one gives `deferred`."""
    backoff: float = 1.0
    """Base of the back-off between tries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """An answer on the way that sent us on."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    fetched_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came of fetching one URL."""

    url: str
    """The URL asked for."""
    final_url: str
    """Where the last answer came from."""
    fetched_at: datetime
    """When the last request was sent, aware UTC."""
    status: int = 0
    """Status of the last answer; 0: none."""
    headers: tuple[tuple[str, str], ...] = ()
    """As received, latin-1 decoded, in order."""
    body: bytes = b""
    """Unpacked; a prefix when `truncated`."""
    outcome: Outcome
    """What came of it, block pages not yet judged."""
    hops: tuple[Hop, ...] = ()
    """Redirect answers, in order."""
    peer: str | None = None
    """IP address that answered."""
    elapsed_ms: int = 0
    """Time spent on requests."""
    notes: tuple[str, ...] = ()
    """Irregularities: failed tries, decoder notes, no_html_end, meta-refresh, js_redirect."""
    retry_after: float | None = None
    """Seconds the server asked us to stay away."""
    request_headers: tuple[tuple[str, str], ...] = ()
    """As sent with the last request."""
    truncated: str | None = None
    """length, time or disconnect (WARC-Truncated) when the body is a prefix."""
    protocol: str = "HTTP/1.1"
    """Protocol of the last answer."""
    reason: str = ""
    """The words behind its status, latin-1 decoded."""
