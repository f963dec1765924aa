"""A pool of real Chinese documents, with versions of some made as sites make them, and pairs that were judged.

    python -m benchmarks.dedupe_pool FOLDER ... [--each 120] [--seed 1] [--peers] [--judged FILE] [--show 40]

Each folder holds unpacked packages, a site each; their files are documents (benchmarks/real_texts.py), and so are the
records of their JSON Lines and the laws of their databases. A third of the documents chosen by hash are had by other
sites too: framed, retitled, shortened, in another script or width, cut, glued. What two packages have in common
anyway was judged by reading: a line of the file is `name<TAB>name<TAB>what`, what being one of version, held (the
first in the second), form and other; no text of them is kept. `--show` prints pairs that are not judged yet.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import opencc

from benchmarks.dedupe_cases import Case, Writer
from benchmarks.dedupe_quality import minhash, ours, report
from benchmarks.real_texts import CHINESE, texts

SHORTEST, LONGEST = 200, 6000
"""Han at least, and characters at most, of a document."""

PEERS = ((25, 5, 0.5), (18, 7, 0.6), (14, 9, 0.7), (14, 8, 0.0))

FOOT = [
    "【打印本页】 【关闭窗口】 字体：大 中 小",
    "免责声明：本网转载的文章只为传递更多信息，不代表本网观点，如涉及版权请在三十日内与本网联系，我们会及时处理。",
    "网站地图 | 关于我们 | 联系方式 | 隐私条款 主办单位：本市信息中心 建议使用最新的浏览器访问",
]

_TRADITIONAL = opencc.OpenCC("s2tw").convert
_SIMPLIFIED = opencc.OpenCC("t2s").convert
_HALF = str.maketrans("，：；（）？！", ",:;()?!")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--each", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--judged", type=Path)
    parser.add_argument("--show", type=int, default=0)
    args = parser.parse_args()
    real = [case for folder in args.folders for case in documents(folder, args.each)]
    lines = args.judged.read_text("utf-8").splitlines() if args.judged else []
    judged = [line.split("\t") for line in lines if not line.startswith("#")]
    cases = _joined(pool(real, Writer(args.seed)), judged)
    found = ours(cases, 2**30)
    report("ours", cases, found, 1.0)
    for bands, rows, checked in PEERS if args.peers else ():
        name = f"datasketch {checked}" if checked else f"bands {bands} x {rows}"
        report(name, cases, minhash(cases, bands, rows, checked), 1.0)
    _show(cases, found.cluster, found.named, args.show)


def documents(folder: Path, each: int) -> list[Case]:
    """The documents of a folder's packages, of a package no more than `each`, chosen by the hash of their names."""
    by: dict[str, dict[str, str]] = {}
    for package, name, text in _all(folder):
        if len(CHINESE.findall(text)) >= SHORTEST:
            by.setdefault(package, {})[f"{package}/{name}"] = text[:LONGEST]
    return [
        Case(
            id=name,
            site=package,
            title=made[name].strip().split("\n")[0][:40],
            text=made[name],
            group="real",
            cluster=name,
        )
        for package, made in sorted(by.items())
        for name in sorted(made, key=lambda one: hashlib.sha256(one.encode()).digest())[:each]
    ]


def _all(folder: Path) -> Iterator[tuple[str, str, str]]:
    for found in texts([folder], LONGEST):
        if found.kind not in {"jsonl", "mo"} and found.package != "machine":
            yield found.package, found.file, found.text
    for path in sorted(folder.glob("*/**/*.jsonl")):
        package = path.relative_to(folder).parts[0]
        for number, line in enumerate(path.read_text("utf-8", "replace").split("\n")):
            if line.startswith("{"):
                record = {key: value for key, value in json.loads(line).items() if isinstance(value, str)}
                yield (
                    package,
                    f"{path.name}#{number}",
                    record.get("query") or max(record.values(), default=""),
                )
    for path in sorted(folder.glob("*/**/*.db")):
        package = path.relative_to(folder).parts[0]
        with sqlite3.connect(path) as laws:
            for law, name, text in laws.execute(
                "select law_id, law_name, group_concat(article_text, char(10)) from articles group by law_id"
            ):
                yield package, law, f"{name}\n{text}"


def _cut(text: str) -> list[str]:
    """The lines of a text, long ones cut at their full stops."""
    return [
        part for line in text.split("\n") for part in line.replace("。", "。\n").split("\n") if part.strip()
    ]


MAKES: dict[str, Callable[[Writer, list[str]], list[str]]] = {
    "framed": lambda w, lines: ["首页 > 资讯 > 正文", *lines, *FOOT],
    "reposted": lambda w, lines: [
        f"来源：{w.body()} 作者：{w.person()} 2024-05-{w.chance.randint(10, 28)}",
        *lines,
    ],
    "edited": lambda w, lines: w.edited(lines, 5),
    "traditional": lambda w, lines: [(_TRADITIONAL if "的" in line else _SIMPLIFIED)(line) for line in lines],
    "half": lambda w, lines: ["".join(lines).translate(_HALF)],
    "shortened": lambda w, lines: [line for line in lines if w.chance.random() > 0.25],
    "moved": lambda w, lines: [*lines[len(lines) // 2 :], *lines[: len(lines) // 2]],
    "excerpt": lambda w, lines: lines[len(lines) // 4 : len(lines) * 2 // 3],
    "teaser": lambda w, lines: [*lines[: max(3, len(lines) // 3)], "点击阅读全文"],
}
"""What other sites have of a document."""

HELD = {"excerpt", "teaser"}


def pool(real: list[Case], w: Writer) -> list[Case]:
    """The documents, what other sites have of a third of them, and pages of two."""
    made = list(real)
    for case in real:
        if len(lines := _cut(case.text)) < 6 or w.chance.random() > 1 / 3:
            continue
        kind = w.pick(list(MAKES))
        version = MAKES[kind](w, lines)
        name = f"{kind}:{case.id}"
        if kind in HELD:
            at = made.index(case)
            made[at] = replace(case, holds=name)
        cluster = name if kind in HELD else case.cluster
        made.append(w.case(kind, cluster, version, title=case.title))
    for one, other in zip(real[::16], real[-1::-16], strict=True):
        if not len(one.text) < 2 * len(other.text) < 4 * len(one.text):
            continue
        text = f"{one.text}\n{other.text}"
        made.append(w.case("glued", f"glued:{one.id}", text, title=one.title, holds=one.id))
    w.chance.shuffle(made)
    return made


def _joined(cases: list[Case], judged: Iterable[list[str]]) -> list[Case]:
    """The cases with those clusters united that were judged versions of each other."""
    root: dict[str, str] = {}

    def first(name: str) -> str:
        while name in root:
            name = root[name]
        return name

    for one, other, what in judged:
        if what == "version" and first(one) != first(other):
            root[first(other)] = first(one)
    return [replace(case, cluster=first(case.cluster), holds=first(case.holds)) for case in cases]


def _show(cases: list[Case], cluster: dict[str, str], named: set[tuple[str, str]], most: int) -> None:
    """Pairs of the pool that are said to be versions, or one to hold the other, and are not known to."""
    by = {case.id: case for case in cases}
    said: list[tuple[str, Case, Case]] = []
    first: dict[str, Case] = {}
    for case in cases:
        one = first.setdefault(cluster[case.id], case)
        if one.cluster != case.cluster:
            said.append(("merged", one, case))
    known: dict[str, Case] = {}
    for case in cases:
        if (one := known.setdefault(case.cluster, case)) is not case and cluster[one.id] != cluster[case.id]:
            said.append(("parted", one, case))
    for holder, held in sorted(named):
        if by[holder].group != "glued" and by[holder].holds not in {by[held].cluster, by[held].id}:
            said.append(("named", by[held], by[holder]))
    for what, one, other in said[:most]:
        print(f"\n== {what}\t{one.id}\t{other.id}\t{one.group} {other.group}")
        for case, beside in ((one, other), (other, one)):
            own = [line for line in _cut(case.text) if line not in beside.text]
            print(f"   {len(case.text)} characters, own lines {len(own)}: {' / '.join(own)[:220]}")


if __name__ == "__main__":
    main()
