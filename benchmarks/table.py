"""All that is measured beside others, in one table with ratios, written to benchmarks/results/.

    python -m benchmarks.table --date 2026-11-30 [--quick] [--shared ../shared] [--datatrove PYTHON] [--only build …]

CPU seconds of the process or of its whole tree, medians of interleaved rounds: read the ratios, they hold on a busy
machine. --quick takes minutes: fewer pages and rounds, and one small corpus. What cannot be had is left out with a word
that says so. The day is told by whoever runs it, so that two runs of one state say the same but for what they measured.
`results/DAY.md` (with --quick `DAY-quick.md`) is for people, the JSON of that name for programs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

import fastwarc
import trafilatura
from selectolax.lexbor import LexborHTMLParser

from benchmarks import build as building_pages
from benchmarks import crawl, dedupe, growth, light, normalize, versions
from pipeline.corpus import build as building
from pipeline.corpus.job import Job
from pipeline.corpus.read import documents

RESULTS = Path(__file__).parent / "results"

LIBRARIES = (
    *(
        "trafilatura",
        "selectolax",
        "fastwarc",
        "pyarrow",
        "duckdb",
        "httpx",
        "opencc",
        "ftfy",
        "datasketch",
        "rensa",
    ),
    *("lxml", "numpy"),
)
"""Whose versions the figures depend on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How much is to be measured."""

    quick: bool
    shared: Path
    datatrove: str | None

    @property
    def rounds(self) -> int:
        """Interleaved rounds."""
        return 3 if self.quick else 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure of ours, and of one peer."""

    what: str
    """What is measured, with its size."""
    unit: str
    """Of both figures."""
    ours: float
    """The median."""
    peer: str = ""
    """Whose figure stands beside it; "": none."""
    theirs: float | None = None
    """The peer's median."""

    @property
    def ratio(self) -> float | None:
        """How many times ours the peer's is."""
        return self.theirs / self.ours if self.theirs is not None and self.ours else None


Rows = Iterator[Row | str]
"""Figures, and words for what was left out."""


def build(asked: Asked) -> Rows:
    """Real pages from WARC to published rows, beside readers of bodies, a pipeline, and the floor."""
    found = sorted((asked.shared / "bench/extract/dev").glob("*.html"))
    if not found:
        yield f"build: no pages in {asked.shared.name}/bench/extract/dev"
        return
    bodies = [path.read_bytes() for path in found] * (2 if asked.quick else 5)
    setattr(building, "Pool", building_pages.OneCore)  # noqa: B010  one core, in this process
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        captures = [
            building_pages.page(
                f"https://bench.example/{n}.html", body, building_pages.START + timedelta(seconds=n)
            )
            for n, body in enumerate(bodies)
        ]
        building_pages.archive(work / "raw", captures)
        ways: dict[str, Callable[[int], object]] = {
            "ours": lambda turn: building.build(
                Job(raw=work / "raw", clean=work / str(turn), work=work / f"b{turn}", workers=1, confirm=True)
            ),
            "trafilatura.extract": lambda _: [trafilatura.extract(_text(body)) for body in bodies],
            "trafilatura.bare_extraction, with metadata": lambda _: [
                trafilatura.bare_extraction(_text(body), with_metadata=True) for body in bodies
            ],
            "the floor: fastwarc, Lexbor, text": lambda _: _floor(work / "raw"),
        }
        taken = _rounds(ways, asked.rounds)
        what, unit = f"WARC → published row, {len(bodies)} pages", "ms a page"
        for name in list(ways)[1:]:
            yield Row(
                what=what,
                unit=unit,
                ours=1e3 * taken["ours"] / len(bodies),
                peer=name,
                theirs=1e3 * taken[name] / len(bodies),
            )
        if asked.datatrove is None:
            yield "datatrove: not measured, no environment was named (--datatrove PYTHON)"
            return
        script = Path(__file__).with_name("datatrove_peer.py")
        line = [asked.datatrove, str(script), str(work / "raw")]
        told = []
        for n in range(asked.rounds):
            try:
                said = json.loads(_output([*line, str(work / f"d{n}")]).splitlines()[-1])
            except subprocess.CalledProcessError as error:
                yield f"datatrove: not measured, {asked.datatrove} ended with code {error.returncode}"
                return
            if not said["documents"]:
                yield "datatrove: not measured, it wrote no document in the environment that was named"
                return
            told.append(1e3 * said["cpu"] / said["documents"])
        name = "datatrove: WarcReader, trafilatura, a filter, Parquet (no deduplication), a document written"
        yield Row(
            what=what,
            unit=unit,
            ours=1e3 * taken["ours"] / len(bodies),
            peer=name,
            theirs=median(told),
        )


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")


def _floor(raw: Path) -> int:
    done = 0
    for path in raw.rglob("*.warc.gz"):
        with path.open("rb") as stream:
            for record in fastwarc.warc.ArchiveIterator(
                stream, record_types=fastwarc.warc.WarcRecordType.response
            ):
                body = LexborHTMLParser(_text(record.reader.read())).body
                done += len(body.text()) if body is not None else 0
    return done


def _rounds(ways: dict[str, Callable[[int], object]], rounds: int) -> dict[str, float]:
    """The median CPU seconds of each way, all in turn; a round before them counts for nothing."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, run in ways.items():
            before = time.process_time()
            run(turn)
            taken[name].append(time.process_time() - before)
    return {name: median(each[1:]) for name, each in taken.items()}


def start(asked: Asked) -> Rows:
    """Commands before they work, on a small corpus, beside the import of pyarrow."""
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        growth.corpus(where, 1_000)
        url = next(documents(where / "clean")).url
        at = [f"--clean={where / 'clean'}"]
        command = ["-m", "pipeline.cli"]
        lines = {
            "pyarrow": light.PEER,
            "corpus --version": [*command, "--version"],
            "corpus --help": [*command, "--help"],
            "corpus read | head -1": [*command, "read", *at],
            "corpus explain URL": [*command, "explain", url, *at, f"--raw={where / 'raw'}"],
            "corpus held": [*command, "held", *at],
            "corpus status": [*command, "status", *at, f"--raw={where / 'raw'}"],
        }
        rounds = [[light.seconds(line) for line in lines.values()] for _ in range(asked.rounds + 1)][1:]
    found = dict(zip(lines, (median(column) for column in zip(*rounds, strict=True)), strict=True))
    peer = found.pop("pyarrow")
    for name, seconds in found.items():
        yield Row(what=name, unit="CPU s", ours=seconds, peer="import pyarrow.parquet", theirs=peer)


def grown(asked: Asked) -> Rows:
    """A refresh of a thousand pages on corpora of several sizes: seconds, and bytes beside the rows that changed."""
    for size in [2_000] if asked.quick else [10_000, 100_000]:
        with tempfile.TemporaryDirectory() as folder:
            whole = Path(folder) / str(size)
            job = growth.corpus(whole, size)
            for kind in ("new", "mixed"):
                took = growth.refresh(whole, job, kind, size)
                what = f"refresh of 1,000 pages ({kind}) on {size:,}"
                yield Row(what=what, unit="CPU s", ours=took.seconds)
                yield Row(
                    what=f"{what}, bytes written",
                    unit="MB",
                    ours=took.written / 1e6,
                    peer="the rows that changed as one Parquet file",
                    theirs=took.rows / 1e6,
                )


def kept(asked: Asked) -> Rows:
    """What a daily version writes, beside its new rows."""
    days, first = (6, 1_000) if asked.quick else (30, 5_000)
    times = []
    with tempfile.TemporaryDirectory() as folder:
        job = Job(
            raw=Path(folder) / "raw", clean=Path(folder) / "clean", work=Path(folder) / ".build", workers=1
        )
        look = building.check_staged
        for number, (made, rows) in enumerate(versions.versions(job, days, first, 0.01)):
            if number:
                times.append((versions.cost(made)[0].total(), versions.size_of(rows)))
        building.check_staged = look
    written, new = (sum(column) / len(times) / 1e3 for column in zip(*times, strict=True))
    yield Row(
        what=f"a daily version of {first:,} articles",
        unit="KB",
        ours=written,
        peer="its new rows alone",
        theirs=new,
    )


def normalized(asked: Asked) -> Rows:
    """Texts into the corpus's form, beside OpenCC alone and ftfy."""
    try:
        import ftfy
        import opencc
    except ImportError as error:
        yield f"normalize: {error.name} is not installed (.[bench])"
        return
    if not (asked.shared / "seed-site/expected.json").is_file():
        yield f"normalize: no texts in {asked.shared.name}/seed-site"
        return
    texts = normalize.seed_texts(asked.shared)
    safe = ftfy.TextFixerConfig(fix_character_width=False, uncurl_quotes=False)
    ways: dict[str, Callable[[str], object]] = {
        "ours": normalize.normalize_text,
        "opencc t2s": opencc.OpenCC("t2s").convert,
        "ftfy, safe settings": lambda text: ftfy.fix_text(text, safe),
    }
    taken = normalize.best_times(ways, texts, 3 * asked.rounds)
    size = sum(map(len, texts)) / 1e6
    for name in list(ways)[1:]:
        yield Row(
            what=f"normalize {len(texts)} texts",
            unit="CPU s a million characters",
            ours=taken["ours"] / size,
            peer=name,
            theirs=taken[name] / size,
        )


def deduped(asked: Asked) -> Rows:
    """Documents compared with one another, beside two MinHash libraries."""
    if not (asked.shared / "bench/dedup/make.py").is_file():
        yield f"dedupe: no generator in {asked.shared.name}/bench/dedup"
        return
    size = 1_000 if asked.quick else 10_000
    ways = ("ours", "datasketch", "rensa")
    taken: dict[str, list[float]] = {name: [] for name in ways}
    with tempfile.TemporaryDirectory() as folder:
        made = dedupe._generated(asked.shared, Path(folder), size)
        for _ in range(asked.rounds):
            for name in ways:
                line = [sys.executable, "-m", "benchmarks.dedupe", "--one", f"{name}:{made}:{size}"]
                try:
                    taken[name].append(1e3 / json.loads(_output(line))["per_cpu_second"])
                except subprocess.CalledProcessError:
                    continue
    for name in ways[1:]:
        if taken[name]:
            yield Row(
                what=f"deduplicate {size:,} documents",
                unit="ms a document",
                ours=median(taken["ours"]),
                peer=name,
                theirs=median(taken[name]),
            )
        else:
            yield f"dedupe: {name} is not installed (.[bench])"


def crawled(asked: Asked) -> Rows:
    """Pages fetched and archived from one host on loopback, beside bare httpx and httpx with an archive."""
    pages = 300 if asked.quick else 2_000
    line = [sys.executable, "-m", "benchmarks.crawl", "serve", str(pages)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            ports = json.loads(server.stdout.readline())[:1]
            rounds = [
                {name: json.loads(crawl.in_process("one", name, ports, pages))["cpu"] for name in crawl.WAYS}
                for _ in range(asked.rounds)
            ]
        finally:
            server.kill()
    taken = {name: median(1e3 / each[name] for each in rounds) for name in crawl.WAYS}
    for name in crawl.WAYS:
        if name != "ours":
            yield Row(
                what=f"crawl {pages} pages",
                unit="ms a page",
                ours=taken["ours"],
                peer=name,
                theirs=taken[name],
            )


def _output(line: Sequence[str]) -> str:
    return subprocess.run(
        line, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ).stdout


PARTS: dict[str, Callable[[Asked], Rows]] = {
    "build": build,
    "start": start,
    "growth": grown,
    "versions": kept,
    "normalize": normalized,
    "dedupe": deduped,
    "crawl": crawled,
}
"""What --only chooses from, in the order of the table."""


def machine() -> dict[str, object]:
    """What the figures were measured on: processor, cores, memory, load, versions, the commit."""
    said = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    model = next((line.partition(": ")[2] for line in said.splitlines() if line.startswith("model name")), "")
    libraries = {}
    for name in LIBRARIES:
        try:
            libraries[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "processor": model or platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
        "load": [round(each, 2) for each in os.getloadavg()],
        "commit": _output(["git", "rev-parse", "--short=12", "HEAD"]).strip(),
        "libraries": libraries,
    }


def markdown(day: date, quick: bool, on: dict[str, object], rows: Sequence[Row], left: Sequence[str]) -> str:
    """The table for people."""
    libraries = ", ".join(f"{name} {said}" for name, said in dict(on["libraries"]).items())  # type: ignore[call-overload]
    lines = [
        f"# Measured on {day}{' (quick)' if quick else ''}",
        "",
        f"{on['processor']}, {on['cores']} cores, {on['memory_gb']} GB, {on['system']}, Python {on['python']}; load"
        f" {on['load']} at the beginning; commit {on['commit']}. {libraries}.",
        "",
        "CPU seconds, medians of interleaved rounds. The ratio is the peer's figure by ours: above 1 ours is less.",
        "What a build takes whatever it builds is in the figure of its pages: the fewer they are, the more of it.",
        "",
        "| what | unit | ours | peer | its figure | ratio |",
        "|---|---|---:|---|---:|---:|",
    ]
    for row in rows:
        theirs = f"{row.theirs:.3g}" if row.theirs is not None else ""
        ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
        lines.append(
            f"| {row.what.replace('|', '&#124;')} | {row.unit} | {row.ours:.3g} | {row.peer} | {theirs} | {ratio} |"
        )
    lines += ["", *(f"- {each}" for each in left)] if left else []
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print the table, write it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--date", type=date.fromisoformat, required=True, help="the day, as it is to be written"
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument(
        "--datatrove", metavar="PYTHON", help="the Python of an environment that has datatrove"
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--out", type=Path, default=RESULTS)
    said = parser.parse_args()
    asked = Asked(quick=said.quick, shared=said.shared.resolve(), datatrove=said.datatrove)
    on = machine()
    rows: list[Row] = []
    left: list[str] = []
    for name in said.only:
        for each in PARTS[name](asked):
            if isinstance(each, str):
                left.append(each)
                print(each, flush=True)
            else:
                rows.append(each)
                print(f"{each.what}: {each.ours:.3g} {each.unit}", flush=True)
    said.out.mkdir(parents=True, exist_ok=True)
    stem = f"{said.date}{'-quick' if said.quick else ''}"
    table = markdown(said.date, said.quick, on, rows, left)
    whole = {
        "date": f"{said.date}",
        "quick": said.quick,
        **on,
        "rows": [{**asdict(row), "ratio": row.ratio} for row in rows],
        "left_out": left,
    }
    (said.out / f"{stem}.md").write_text(table, encoding="utf-8")
    (said.out / f"{stem}.json").write_text(
        json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    print(table)


if __name__ == "__main__":
    main()
