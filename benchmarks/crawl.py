"""Pages a CPU second of a crawl, against bare httpx, and where the rest goes.

    python -m benchmarks.crawl [--pages 2000] [--rounds 5] [--profile]

The same small pages from a server in a process of its own (its CPU is not counted), at delay 0: from one host, one
request at a time, and from HOSTS of them (ports of loopback) side by side. Ours is the whole of a crawl: sitemaps,
robots.txt, links, pages, WARC, index and ledger, fsync included. Beside it bare httpx with as many requests under way,
which drops what it gets; and that with what comes written by warcio and by fastwarc (response and request record, a
gzip member each) and nothing else. Every run is a process of its own that counts its CPU from after a first crawl of
WARM pages; they take turns, and medians are told. Goal: 0.5 of bare httpx's pages a CPU second; reached: 0.51 from one
host and 0.50 from HOSTS (1,000 pages, five rounds of these two, quiet machine), 0.49 with all four
in turn. uvloop changes nothing.

What was done, as the ratio of the best of ten runs of 300 pages: 0.36 upon httpx's own transport, httpcore and h11;
0.47 upon ours and llhttp (of an answer with seven headers h11 makes 65 µs, llhttp 2.5; aiohttp has llhttp too, but
refuses an answer that names both a length and chunks, and of a chunk that cannot be read gives not even the status);
0.52 with less around it: gzip windows no larger than the record (of a page 170 µs became 84, the same bytes), turns at
a site written again only after 50 ms, normal URLs taken as they stand, ids, dates and index lines in fewer steps;
cycles looked for a seventieth as often another 0.03.

Where a page's time is now, by samples of the stack (one host; 20 are alike but for their lists, 4 %):

    connections and bytes              9 %    WARC records and digests      8 %    the ledger's row         8 %
    cookies, decoding, verdict         8 %    gzip                          6 %    CDXJ and daily index     7 %
    pace                               6 %    the rest of a write           6 %    what is due, lists       9 %
    robots.txt and what is known       7 %    block pages, next parts       7 %    event loop and the rest 19 %

`--profile` runs ours once more under cProfile and tells the share of each stage.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import io
import json
import logging
import pstats
import subprocess
import sys
import tempfile
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import fastwarc.warc
import httpx
from fastwarc.stream_io import GzipWriter
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipeline.crawl import run as crawl_run
from pipeline.records import Source

HOSTS = 20
WARM = 20
"""Pages of a first crawl, before the clock: so that imports and tables are read."""
COLUMNS = ("要闻", "本地", "文化", "教育", "体育", "财经", "科技", "健康", "旅游", "图片", "专题", "评论")
WORDS = "村口的老槐树下，几位老人说起那年修渠引水的旧事，从开春一直讲到秋收，旁边的孩子听得入了神。"

STAGES = (
    ("connections and bytes", "web/transport.py:send", ()),
    (
        "cookies, redirects, decoding, verdict",
        "web/fetch.py:get",
        ("web/transport.py:send", "crawl/hosts.py:pause"),
    ),
    ("pace", "crawl/hosts.py:pause", ()),
    ("block pages", "web/blocks.py:judge_page", ()),
    (
        "what is known of a page, robots rules, its turn",
        "crawl/visit.py:ask",
        ("web/fetch.py:get", "web/blocks.py:judge_page"),
    ),
    ("the next part of an article", "crawl/articles.py:_following", ()),
    ("canonical", "crawl/articles.py:_canonical", ()),
    ("other addresses of a page, notices", "crawl/folding.py:honest", ()),
    ("records and digests", "archive/exchange.py:pack", ()),
    ("gzip", "archive/warc.py:member", ()),
    (
        "archive: the rest of a write",
        "archive/writer.py:write",
        ("archive/exchange.py:pack", "archive/warc.py:member"),
    ),
    ("fsync", "archive/writer.py:flush", ()),
    ("ledger: a visit", "crawl/ledger.py:record", ()),
    ("ledger: commits", "crawl/ledger.py:commit", ()),
    ("sealing, CDXJ and daily index", "archive/sealing.py:seal", ()),
    ("lists and their links", "crawl/lists.py:read_lists", ()),
    ("what is due", "crawl/run.py:_due_pages", ()),
)
"""What is shown, the function whose time with all that it calls it is, and those whose time is taken off."""


def page(number: int) -> bytes:
    """An article of about 4 kB."""
    paragraphs = "".join(f"<p>第{number}篇的第{n}段：{WORDS}</p>\n" for n in range(20))
    links = "".join(f'<li><a href="/list/{n}.html">{name}</a></li>' for n, name in enumerate(COLUMNS))
    head = f'<meta charset="utf-8"><title>修渠旧事之{number}</title><link rel="stylesheet" href="/s.css">'
    return (
        f"<!doctype html><html><head>{head}</head><body><ul>{links}</ul><article><h1>修渠旧事之{number}</h1>\n"
        f"{paragraphs}</article><footer>旧事网</footer></body></html>"
    ).encode()


class Server(asyncio.Protocol):
    """Answers what it is asked for from a table, as few steps as can be."""

    def __init__(self, pages: dict[bytes, bytes]) -> None:
        self._pages = pages
        self._left = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._left += data
        while b"\r\n\r\n" in self._left:
            head, _, self._left = self._left.partition(b"\r\n\r\n")
            path = head.split(b" ", 2)[1]
            self._transport.write(
                self._pages.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            )


def answer(body: bytes, kind: str) -> bytes:
    """What the server sends for a body."""
    head = (
        f"HTTP/1.1 200 OK\r\nServer: village\r\nDate: Mon, 30 Nov 2026 00:00:00 GMT\r\nContent-Type: {kind}\r\n"
        f'Last-Modified: Sun, 29 Nov 2026 00:00:00 GMT\r\nETag: "{len(body):x}-{zlib.crc32(body):x}"\r\n'
        f"Vary: Accept-Encoding\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def serve(pages: int) -> None:
    """Serve on HOSTS ports, each all of the pages; print the ports, and go on until killed."""
    loop = asyncio.get_running_loop()
    table = {f"/a/{n}.html".encode(): answer(page(n), "text/html; charset=utf-8") for n in range(pages)}
    ports = []
    for host in range(HOSTS):
        own = dict(table)
        server = await loop.create_server(partial(Server, own), "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        for name, share in (
            ("all", range(pages)),
            ("part", range(host, pages, HOSTS)),
            ("warm", range(WARM)),
        ):
            rows = "".join(f"<url><loc>{address(ports[-1], n)}</loc></url>" for n in share)
            own[f"/{name}.xml".encode()] = answer(f"<urlset>{rows}</urlset>".encode(), "application/xml")
    print(json.dumps(ports), flush=True)
    await asyncio.Event().wait()


def address(port: int, number: int) -> str:
    """The URL of a page."""
    return f"http://127.0.0.1:{port}/a/{number}.html"


def ours(ports: list[int], pages: int, raw: Path) -> int:
    """A crawl of one source a host, by its sitemap."""
    crawl_run.MAX_NEW_PAGES = sys.maxsize
    which = "warm" if pages == WARM else "all" if len(ports) == 1 else "part"
    sources = [
        Source(
            name=f"village{n}",
            home=f"http://127.0.0.1:{port}/",
            sitemaps=(f"http://127.0.0.1:{port}/{which}.xml",),
            delay=0.0,
            allow_private=True,
        )
        for n, port in enumerate(ports)
    ]
    return sum(each.fetched for each in crawl_run.crawl(sources, raw))


Keep = Callable[[httpx.Response], None]


def bare(ports: list[int], pages: int, keep: Keep) -> int:
    """httpx alone, one request at a time and host."""

    async def one_host(client: httpx.AsyncClient, port: int, numbers: range) -> int:
        for number in numbers:
            keep(await client.get(address(port, number)))
        return len(numbers)

    async def all_hosts() -> int:
        async with httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_connections=None)) as client:
            shares = [range(n, pages, len(ports)) for n in range(len(ports))]
            return sum(
                await asyncio.gather(*(one_host(client, *each) for each in zip(ports, shares, strict=True)))
            )

    return asyncio.run(all_hosts())


@contextmanager
def by_warcio(raw: Path) -> Iterator[Keep]:
    """Response and request by warcio."""
    with (raw / "peer.warc.gz").open("wb") as stream:
        writer = WARCWriter(stream, gzip=True)

        def keep(came: httpx.Response) -> None:
            url = str(came.url)
            line = f"{came.status_code} {came.reason_phrase}"
            head = StatusAndHeaders(line, list(came.headers.items()), protocol="HTTP/1.1")
            response = writer.create_warc_record(
                url, "response", payload=io.BytesIO(came.content), http_headers=head
            )
            asked = StatusAndHeaders(
                f"GET {urlsplit(url).path} HTTP/1.1", list(came.request.headers.items()), is_http_request=True
            )
            writer.write_request_response_pair(
                writer.create_warc_record(url, "request", http_headers=asked), response
            )

        yield keep


@contextmanager
def by_fastwarc(raw: Path) -> Iterator[Keep]:
    """Response and request by fastwarc, a member each."""
    with (raw / "peer.warc.gz").open("wb") as stream:

        def keep(came: httpx.Response) -> None:
            head = "".join(f"{name}: {value}\r\n" for name, value in came.headers.items())
            asked = "".join(f"{name}: {value}\r\n" for name, value in came.request.headers.items())
            target = urlsplit(str(came.url)).path
            answered = (
                f"HTTP/1.1 {came.status_code} {came.reason_phrase}\r\n{head}\r\n".encode() + came.content
            )
            kinds = fastwarc.warc.WarcRecordType
            for kind, block in (
                (kinds.response, answered),
                (kinds.request, f"GET {target} HTTP/1.1\r\n{asked}\r\n".encode()),
            ):
                record = fastwarc.warc.WarcRecord()
                record.init_headers(record_type=kind)
                record.headers["WARC-Target-URI"] = str(came.url)
                record.set_bytes_content(block)
                member = GzipWriter(stream, 6)
                record.write(member, checksum_data=True)
                member.finish()

        yield keep


def work(name: str, ports: list[int], pages: int, raw: Path) -> int:
    """One of the four ways, by its name; how many pages came."""
    raw.mkdir()
    if name == "ours":
        return ours(ports, pages, raw)
    if name == "httpx":
        return bare(ports, pages, lambda came: None)
    with (by_warcio if name == "httpx + warcio" else by_fastwarc)(raw) as keep:
        return bare(ports, pages, keep)


WAYS = ("httpx", "httpx + warcio", "httpx + fastwarc", "ours")


def measure(name: str, ports: list[int], pages: int, raw: Path) -> dict[str, float]:
    """Pages a CPU second and a second by the clock."""
    logging.disable(logging.CRITICAL)
    work(name, ports[:1], WARM, raw / "warm")
    cpu, clock = time.process_time(), time.perf_counter()
    came = work(name, ports, pages, raw / "measured")
    cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
    if came != pages:
        raise SystemExit(f"{name}: {came} of {pages} pages came")
    return {"cpu": came / cpu, "clock": came / clock}


def profile(ports: list[int], pages: int, raw: Path) -> None:
    """What share of our CPU each stage has."""
    logging.disable(logging.CRITICAL)
    ours(ports[:1], WARM, raw / "warm")
    watch = cProfile.Profile(time.process_time)
    watch.runcall(ours, ports, pages, raw / "measured")
    told = pstats.Stats(watch)
    taken: defaultdict[str, float] = defaultdict(float)
    for (file, _, function), (_, _, _, spent, _) in told.stats.items():
        taken[f"{file.rpartition('/pipeline/')[2]}:{function}"] += spent
    rest = whole = told.total_tt
    for name, where, but in STAGES:
        spent = taken[where] - sum(taken[each] for each in but)
        rest -= spent
        print(f"  {spent / whole:6.1%}  {name}")
    print(f"  {rest / whole:6.1%}  the event loop, and what is in none of these")


def in_process(mode: str, name: str, ports: list[int], pages: int) -> str:
    """What a process of its own prints."""
    with tempfile.TemporaryDirectory() as raw:
        line = [sys.executable, "-m", "benchmarks.crawl", mode, name, json.dumps(ports), str(pages), raw]
        return subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> None:
    """Print the medians, and ours as a share of each of the others."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.crawl", "serve", str(asked.pages)],
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            ports = json.loads(server.stdout.readline())
            for hosts in (1, HOSTS):
                rounds = [
                    {name: json.loads(in_process("one", name, ports[:hosts], asked.pages)) for name in WAYS}
                    for _ in range(asked.rounds)
                ]
                many = f"{asked.pages} pages from {hosts} host{'s' * (hosts > 1)}"
                print(f"{many}, pages a second, medians of {asked.rounds}")
                for name in WAYS:
                    cpu = median(each[name]["cpu"] for each in rounds)
                    clock = median(each[name]["clock"] for each in rounds)
                    share = median(each["ours"]["cpu"] / each[name]["cpu"] for each in rounds)
                    print(
                        f"  {name:<18} {cpu:7.0f} of CPU {clock:7.0f} by the clock   ours is {share:.2f} of it"
                    )
                if asked.profile:
                    print(in_process("profile", "ours", ports[:hosts], asked.pages), end="")
        finally:
            server.kill()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", pages]:
            asyncio.run(serve(int(pages)))
        case ["one", name, ports, pages, raw]:
            print(json.dumps(measure(name, json.loads(ports), int(pages), Path(raw))))
        case ["profile", _, ports, pages, raw]:
            profile(json.loads(ports), int(pages), Path(raw))
        case _:
            main()
