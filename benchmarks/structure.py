"""Structure of pages with tables, code, formulas and lists, beside trafilatura's own Markdown.

    python benchmarks/structure.py [--show PAGE]

The pages and their Markdown, written by hand, stand in benchmarks/structured. Both Markdowns are read by
markdown-it-py, and what it finds of each kind is compared as a multiset: F1 over all pages.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import trafilatura
from markdown_it import MarkdownIt
from markdown_it.token import Token

from pipeline.extract import extract_page
from pipeline.markdown import to_markdown

PAGES = Path(__file__).parent / "structured"
URL = "https://www.example.com/a/1.html"
READER = MarkdownIt("commonmark").enable("table")
FORMULA = re.compile(r"\$\$?[^$]+\$?\$|\[\^[^\]]+\]|\S[⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉⁻]+")
KINDS = ("heading", "item", "row", "code", "inline code", "quote", "formula", "image", "paragraph")
Found = Counter[tuple[str, ...]]


def main() -> int:
    """Print F1 of each kind, ours and trafilatura's."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--show", metavar="PAGE", help="print what we make of one page, and what differs")
    arguments = parser.parse_args()
    ours: dict[str, list[int]] = {kind: [0, 0, 0] for kind in KINDS}
    theirs: dict[str, list[int]] = {kind: [0, 0, 0] for kind in KINDS}
    for path in sorted(PAGES.glob("*.html")):
        gold = blocks(path.with_suffix(".md").read_text(encoding="utf-8"))
        page = path.read_text(encoding="utf-8")
        mine = our_markdown(page)
        count(ours, gold, blocks(mine))
        count(theirs, gold, blocks(their_markdown(page)))
        if arguments.show == path.stem:
            print(mine)
            for sign, rest in (("-", gold - blocks(mine)), ("+", blocks(mine) - gold)):
                print(*(f"{sign} {each}" for each in sorted(rest)), sep="\n")
    print(f"{'':14}{'n':>5}{'ours':>8}{'trafilatura':>13}")
    for kind in KINDS:
        print(f"{kind:14}{ours[kind][0]:5}{f1(ours[kind]):8.3f}{f1(theirs[kind]):13.3f}")
    return 0


def our_markdown(page: str) -> str:
    """The page's article as we write it, not normalized."""
    articles = extract_page(page.encode(), url=URL).articles
    return to_markdown(articles[0].extracted, articles[0].structure) if articles else ""


def their_markdown(page: str) -> str:
    """The same by trafilatura with all it has for it."""
    return (
        trafilatura.extract(
            page,
            output_format="markdown",
            include_formatting=True,
            include_tables=True,
            include_images=True,
            include_comments=False,
        )
        or ""
    )


def count(totals: dict[str, list[int]], gold: Found, found: Found) -> None:
    """Add (wanted, found, right) of each kind."""
    for kind in KINDS:
        parts = [
            {key: n for key, n in each.items() if key[0] == kind} for each in (gold, found, gold & found)
        ]
        totals[kind] = [total + sum(part.values()) for total, part in zip(totals[kind], parts, strict=True)]


def f1(total: list[int]) -> float:
    """2 × right / (wanted + found)."""
    return 2 * total[2] / (total[0] + total[1]) if total[0] + total[1] else 1.0


def blocks(markdown: str) -> Found:
    """What a reader of Markdown finds: (kind, text), with the level of headings and items."""
    return Counter(_blocks(READER.parse(markdown)))


def _blocks(tokens: list[Token]) -> Iterator[tuple[str, ...]]:
    around: list[Token] = []
    row: list[str] = []
    for token in tokens:
        if token.nesting == 1:
            around.append(token)
            row = [] if token.type == "tr_open" else row
        elif token.nesting == -1:
            around.pop()
            if token.type == "tr_close":
                yield ("row", *row)
        elif token.type in ("fence", "code_block"):
            yield ("code", token.content.rstrip("\n"))
        elif token.type == "inline":
            types = [each.type for each in around]
            text = "".join("" if child.type == "image" else child.content for child in token.children or ())
            depth = types.count("list_item_open")
            if "tr_open" in types:
                row.append(text.strip())
            elif "heading_open" in types:
                yield ("heading", around[-1].tag, text)
            elif depth:
                yield ("item", str(depth), text)
            elif text.strip() and not text.strip().startswith("$$"):
                yield ("quote" if "blockquote_open" in types else "paragraph", text)
            yield from (("formula", found) for found in FORMULA.findall(token.content))
            for child in token.children or ():
                if child.type in ("code_inline", "image"):
                    yield ("inline code" if child.type == "code_inline" else "image", child.content)


if __name__ == "__main__":
    sys.exit(main())
