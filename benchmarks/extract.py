"""Extraction against the reference pages: predictions for the scorer, speed, re-encoded bytes, mutants.

    python -m benchmarks.extract predict --out pred.jsonl
    python -m benchmarks.extract speed [--rounds 3]
    python -m benchmarks.extract charset
    python -m benchmarks.extract mutants [--count 10000] [--seed 1] [--first 0]
    python -m benchmarks.extract robust
    python -m benchmarks.extract rules [--most-sites 1] [--table boilerplate]

The pages are those of the shared folder (`--shared`); nothing of them is kept. Speed is CPU time, the
least of the rounds a page, all methods interleaved on one core in one run, as ratios.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import trafilatura
from selectolax.lexbor import LexborHTMLParser

from pipeline.extract import extract_page
from pipeline.extract.encoding import decode
from pipeline.records import Page

NO_URL = "http://unknown.invalid/"
CHARSET = re.compile(r"charset\s*=\s*[\"']?[\w-]+", re.I)


def predict(bench: Path, out: Path) -> int:
    """Write one prediction a page in the scorer's form."""
    with out.open("w", encoding="utf-8") as file:
        for row in _gold(bench):
            page = extract_page(_bytes(bench, row), url=row.get("url") or NO_URL)
            file.write(json.dumps(_prediction(row, page), ensure_ascii=False) + "\n")
    return 0


def _prediction(row: dict[str, str], page: Page) -> dict[str, str | None]:
    article = page.articles[0] if page.articles else None
    day = article.published_on if article else None
    return {
        "id": row["id"],
        "text": article.extracted if article else "",
        "title": article.title if article else None,
        "date": day.isoformat() if day else None,
        "author": article.author if article else None,
        "source": article.origin_name if article else None,
    }


def speed(bench: Path, rounds: int) -> int:
    """Print the CPU time of each method as a ratio to the whole extraction."""
    pages = [_bytes(bench, row) for row in _gold(bench)]
    texts = [page.decode("utf-8", "replace") for page in pages]
    methods: dict[str, Callable[[int], object]] = {
        "extract_page (bytes, all fields)": lambda i: extract_page(pages[i], url=NO_URL),
        "trafilatura.bare_extraction, with_metadata": lambda i: trafilatura.bare_extraction(
            texts[i], with_metadata=True
        ),
        "trafilatura.extract": lambda i: trafilatura.extract(texts[i]),
        "floor: Lexbor parse + text": lambda i: _floor(texts[i]),
    }
    best = {name: [float("inf")] * len(pages) for name in methods}
    for _ in range(rounds):
        for index in range(len(pages)):
            for name, run in methods.items():
                start = time.process_time()
                run(index)
                best[name][index] = min(best[name][index], time.process_time() - start)
    ours = sum(best["extract_page (bytes, all fields)"])
    for name, times in best.items():
        print(f"{name:45s} {sum(times) / len(times) * 1000:8.2f} ms a page   {sum(times) / ours:6.2f} x ours")
    return 0


def charset(bench: Path) -> int:
    """Re-encode each page, declared rightly, wrongly and not at all; count the pages decoded as the original."""
    right = total = 0
    for row in _gold(bench):
        text = _bytes(bench, row).decode("utf-8", "replace")
        traditional = row["script"] == "hant"
        for codec in ("big5hkscs", "gb18030") if traditional else ("gbk", "gb18030"):
            for declared in ("big5" if codec.startswith("big5") else "gb2312", "utf-8", ""):
                page = CHARSET.sub(f"charset={declared}" if declared else "data-none", text)
                body = page.encode(codec, "xmlcharrefreplace")
                decoded = decode(body)
                total += 1
                right += decoded.text == body.decode(codec)
                if decoded.text != body.decode(codec):
                    print(f"{row['id']} {codec} declared {declared or 'nothing'}: read as {decoded.encoding}")
    print(f"{right} of {total} decoded as the original")
    return 0 if right == total else 1


def robust(bench: Path) -> int:
    """Score the pages as other designers would have built them: names hashed, tags changed, declarations gone."""
    score = _scorer(bench)
    for name, change in CHANGES.items():
        predictions = {}
        for row in _gold(bench):
            body = change(_bytes(bench, row).decode("utf-8", "replace")).encode("utf-8", "replace")
            predictions[row["id"]] = _prediction(row, extract_page(body, url=row.get("url") or NO_URL))
        result = score.summary(score.evaluate(_gold(bench), predictions, str(bench)))
        figures = "  ".join(f"{key} {result[key]}" for key in ("title", "date", "author", "source"))
        print(f"{name:24s} F {result['bigram'][2]:.3f}  below .9: {result['below90']:2d}  {figures}")
    return 0


def leave_out(bench: Path, most_sites: int | None, only: str) -> int:
    """Leave each entry of the rule tables out in turn (rules.py), judged by the gold."""
    gold = _gold(bench)
    score = _scorer(bench)

    def reader(row: dict[str, str]) -> Callable[[], Page]:
        body, url = _bytes(bench, row), row.get("url") or NO_URL
        return lambda: extract_page(body, url=url)

    def judge(index: int, page: Page) -> tuple[float, int]:
        row = gold[index]
        (found,) = score.evaluate([row], {row["id"]: _prediction(row, page)}, str(bench))
        facts = [found[fact] for fact in ("title", "date", "author", "source") if fact in found]
        return found["bigram"][2], sum(said == (kind == "exact") for kind, said in facts)

    pages = [(row["site"], reader(row), _bytes(bench, row).decode("utf-8", "replace")) for row in gold]
    from benchmarks import rules  # only here, so that the rest runs as a script too

    return rules.run(pages, judge, most_sites, only)


def _scorer(bench: Path) -> ModuleType:
    sys.path.insert(0, str(bench.parent))
    return importlib.import_module("score")


def _hashed(html: str) -> str:
    def rename(found: re.Match[str]) -> str:
        names = (f"c{zlib.crc32(name.encode()):08x}".translate(LETTERS) for name in found[2].split())
        return f"{found[1]}{' '.join(names)}{found[3]}"

    return re.sub(r"(\s(?:class|id)\s*=\s*[\"'])([^\"']*)([\"'])", rename, html)


def _undeclared(html: str) -> str:
    html = re.sub(r"<meta\b(?![^>]*charset)[^>]*>", "", html, flags=re.I)
    return re.sub(r"<script\b[^>]*json[^>]*>.*?</script>", "", html, flags=re.I | re.S)


LETTERS = str.maketrans("0123456789", "ghijklmnop")
"""Digits would split a hashed name into words."""

CHANGES: dict[str, Callable[[str], str]] = {
    "as it is": lambda html: html,
    "hashed names": _hashed,
    "no names": lambda html: re.sub(r"\s(?:class|id)\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>]+)", "", html),
    "div for p": lambda html: re.sub(r"<(/?)p(?=[\s>])", r"<\1div", html, flags=re.I),
    "section for p": lambda html: re.sub(r"<(/?)p(?=[\s>])", r"<\1section", html, flags=re.I),
    "div for headings": lambda html: re.sub(r"<(/?)h[1-6](?=[\s>])", r"<\1div", html, flags=re.I),
    "no closing p": lambda html: re.sub(r"</p\s*>", "", html, flags=re.I),
    "on one line": lambda html: re.sub(r">\s+<", "><", html),
    "no meta, no JSON-LD": _undeclared,
    "no scripts": lambda html: re.sub(r"<script\b.*?</script>", "", html, flags=re.I | re.S),
    "no title element": lambda html: re.sub(r"<title.*?</title>", "", html, flags=re.I | re.S),
}


def _floor(text: str) -> str:
    body = LexborHTMLParser(text).body
    return body.text() if body is not None else ""


def _gold(bench: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (bench / "gold.jsonl").read_text(encoding="utf-8").splitlines()]


def _bytes(bench: Path, row: dict[str, str]) -> bytes:
    return (bench / f"{row['id']}.html").read_bytes()


def main() -> int:
    """Run what the command line asks for; the exit code says whether the target was met."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("predict", "speed", "charset", "mutants", "robust", "rules"))
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--out", type=Path, default=Path("pred.jsonl"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--most-sites", type=int)
    parser.add_argument("--table", default="", help="only the tables with this in their name")
    args = parser.parse_args()
    bench = args.shared / "bench" / "extract" / "dev"
    if args.what == "predict":
        return predict(bench, args.out)
    if args.what == "speed":
        return speed(bench, args.rounds)
    if args.what == "rules":
        return leave_out(bench, args.most_sites, args.table)
    if args.what == "robust":
        return robust(bench)
    if args.what == "mutants":
        pages = [_bytes(bench, row) for row in _gold(bench)]
        from benchmarks import mutants

        return mutants.run(pages, args.count, args.seed, args.first)
    return charset(bench)


if __name__ == "__main__":
    sys.exit(main())
