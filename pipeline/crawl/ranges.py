"""Byte ranges of other people's archives: from a folder, over http(s) under the crawl's own rules, from object stores.

Over http(s) one request at a time is sent, at the pace of a polite crawl, if robots.txt of the host allows it, through
the address guard; a server that asks to be left alone ends it. Object stores are fsspec's.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Any

from pipeline.archive.cdx import Row
from pipeline.archive.warc import Damaged
from pipeline.crawl.robots import Robots, judge_robots
from pipeline.errors import UsageError
from pipeline.records import Outcome
from pipeline.web.fetch import Client
from pipeline.web.fetched import Fetched, Limits
from pipeline.web.pace import MAX_ROBOTS_DELAY
from pipeline.web.urls import fetch_form

UNTOLD = 4 << 20
"""Bytes read from an offset on where the index does not say how long the record is (ours)."""
MOST = 32 << 20
"""Bytes of the longest record that is read (ours): a page has at most 8 MiB."""
COMMON_CRAWL = "https://data.commoncrawl.org/"
"""Where the files that Common Crawl's indexes name stand (https://commoncrawl.org/get-started)."""


class Refused(Exception):  # noqa: N818  it ends a reading, and is told
    """The server wants to be left alone: nothing more is asked of it now."""


class Ranges:
    """Reads records where an index says they are; used as an async context manager."""

    def __init__(self, base: str, *, delay: float, user_agent: str, allow_private: bool = False) -> None:
        """`base`: a folder, or the http(s), s3://… address below which the files stand. `delay` in seconds.

        UsageError where no library for the address is installed.
        """
        self.base = base if "://" not in base or base.endswith("/") else base + "/"
        self.requests = 0
        """Requests sent."""
        self._delay = delay
        self._agent = user_agent
        self._robots: Robots | None = None
        self._client = Client(
            user_agent=user_agent,
            allow_private=allow_private,
            limits=Limits(body_bytes=MOST, wire_bytes=MOST),
        )
        self._store: tuple[Any, str] | None = of_store(base) if "://" in base and not is_web(base) else None
        self._last = -1e9

    async def __aenter__(self) -> Ranges:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    async def read(self, row: Row) -> bytes:
        """The bytes of a record; Damaged where they cannot be had, Refused where nothing more can."""
        start, end = row.offset, row.offset + (row.length or UNTOLD)
        if end - start > MOST:
            raise Damaged(f"a record of {end - start} bytes")
        if is_web(self.base):
            return await self._over_web(fetch_form(row.file, self.base) or "", start, end)
        try:
            if self._store is not None:
                self.requests += 1
                fs, root = self._store
                data: bytes = await asyncio.to_thread(fs.cat_file, f"{root}/{row.file}", start=start, end=end)
                return data
            return await asyncio.to_thread(_of_file, Path(self.base), row.file, start, end)
        except Damaged:
            raise
        except Exception as error:
            raise Damaged(f"{row.file}: {str(error) or type(error).__name__}") from error

    async def page(self, url: str) -> Fetched:
        """A whole answer, for archives that give pages and not records; Refused as of `read`."""
        return await self._ask(url, None)

    async def _over_web(self, url: str, start: int, end: int) -> bytes:
        if not url.startswith(self.base):
            raise Damaged(f"{url or 'its file'} is not below {self.base}")
        fetched = await self._ask(url, (start, end))
        if fetched.status == 206 and fetched.body and not fetched.truncated:
            return fetched.body
        if fetched.status == 200 and len(fetched.body) >= end:  # it sent the whole file
            return fetched.body[start:end]
        raise Damaged(
            f"{url}: {fetched.status or 'no answer'} {fetched.outcome}: {'; '.join(fetched.notes)[:200]}"
        )

    async def _ask(self, url: str, span: tuple[int, int] | None) -> Fetched:
        if self._robots is None:
            address = fetch_form("/robots.txt", url) or url
            self._robots = judge_robots(await self._client.get(address, pause=self._pause), self._agent)
        if not self._robots.allows(url):
            raise Refused(f"robots.txt of {url} keeps us out: {self._robots.note}")
        fetched = await self._client.get(url, pause=self._pause, span=span, hop_allowed=self._may_hop)
        if fetched.outcome == Outcome.DEFERRED or fetched.status in (403, 429, 503):
            raise Refused(f"{url}: {fetched.status} {fetched.outcome}: it wants to be left alone")
        return fetched

    async def _may_hop(self, url: str) -> bool:
        return url.startswith(self.base) and self._robots is not None and self._robots.allows(url)

    async def _pause(self, _: str) -> None:
        asked = self._robots.delay if self._robots is not None and self._robots.delay else 0.0
        loop = asyncio.get_running_loop()
        wait = self._last + max(self._delay, min(asked, MAX_ROBOTS_DELAY)) - loop.time()
        if wait > 0:
            await asyncio.sleep(wait)
        self._last = loop.time()
        self.requests += 1


def is_web(base: str) -> bool:
    """Whether an address is asked over http(s), by the crawl's own client."""
    return base.startswith(("http://", "https://"))


def of_store(base: str) -> tuple[Any, str]:
    """The fsspec file system of an object store's address, and the path in it; UsageError without its library."""
    try:
        from fsspec.core import url_to_fs

        fs, root = url_to_fs(base.rstrip("/"))
    except (ImportError, ValueError) as error:
        raise UsageError(f"{base}: {error}; pip install 'zh-article-corpus[remote]' brings S3") from None
    return fs, str(root).rstrip("/")


def _of_file(folder: Path, name: str, start: int, end: int) -> bytes:
    path = next((p for p in (folder / name, folder / Path(name).name) if p.is_file()), None)
    if path is None or not path.resolve().is_relative_to(folder.resolve()):
        raise Damaged(f"{name}: no such file in {folder}")
    with path.open("rb") as stream:
        stream.seek(start)
        return stream.read(end - start)
