"""Damaged and hostile pages made from good ones, each again from its seed and number.

A mutant is a page with one to three KINDS of damage: what networks, editors and careless copies do to a page, and
what somebody would do who wants it to take long.
"""

from __future__ import annotations

import heapq
import random
import re
import time
from collections.abc import Callable, Sequence

from pipeline.extract import extract_page
from pipeline.rules import table

SLOW = 2.0
"""Seconds of CPU a page may take, hostile ones included."""

WORST = 10
"""Mutants that are named at the end, the slowest first."""

LARGEST = 12_000_000
"""Bytes of the largest mutant: more than is read of a page."""

SENTENCE = "城北的旧粮库改成社区食堂以后，每天中午都要排队，老人们说比自己买菜还便宜。"
MARKS = (
    "。，、！？；：（）()[]【】《》“”\"'`<>=&#%*_-—–~|｜/／\\·•.…:: \t\n\xa0\u3000\x1f\u200b0189aZ年月日※→推"
)
_TAGS = (
    "div p span b i a font table td li ul ol pre blockquote section article h1 h2 em svg math ruby form button "
    "select option noscript template iframe textarea style title"
)
TAGS = tuple(_TAGS.split())
ATTRIBUTES = (
    "class",
    "id",
    "style",
    "href",
    "src",
    "alt",
    "title",
    "content",
    "property",
    "datetime",
    "srcdoc",
)
TAG = re.compile(rb"<[^<>]{1,500}>")
CHARSET = re.compile(rb"charset\s*=\s*[\"']?[\w-]+", re.I)
LABELS = (
    "gbk",
    "big5",
    "utf-8",
    "gb2312",
    "gb18030",
    "utf-16",
    "iso-8859-1",
    "shift_jis",
    "euc-kr",
    "hz-gb-2312",
)

Chance = random.Random
Damage = Callable[[bytes, Chance, Sequence[bytes]], bytes]


def _size(chance: Chance, most: int) -> int:
    """A number up to `most`: each order of magnitude, the larger ones more often."""
    return int(most ** chance.random() ** 0.5)


def _at(body: bytes, chance: Chance) -> int:
    """A place between two tags, or anywhere."""
    at = chance.randrange(len(body) + 1)
    return body.find(b"<", at) if chance.random() < 0.7 and body.find(b"<", at) >= 0 else at


def _put(body: bytes, chance: Chance, what: str | bytes) -> bytes:
    """The page with something in it."""
    at = _at(body, chance)
    what = what if isinstance(what, bytes) else what.encode("utf-8", "surrogatepass")
    return body[:at] + what + body[at:]


def _span(body: bytes, chance: Chance) -> tuple[int, int]:
    at = _at(body, chance)
    return at, min(len(body), at + _size(chance, 20_000))


def _cut(body: bytes, chance: Chance, pages: Sequence[bytes]) -> bytes:
    return body[: chance.randrange(len(body) + 1)] if chance.random() < 0.7 else body[_at(body, chance) :]


def _lost(body: bytes, chance: Chance, pages: Sequence[bytes]) -> bytes:
    at, to = _span(body, chance)
    return body[:at] + body[to:]


def _repeated(body: bytes, chance: Chance, pages: Sequence[bytes]) -> bytes:
    at, to = _span(body, chance)
    return body[:at] + body[at:to] * _size(chance, 3_000_000 // max(1, to - at) + 2) + body[to:]


def _stray(body: bytes, chance: Chance, pages: Sequence[bytes]) -> bytes:
    damaged = bytearray(body or b" ")
    for _ in range(_size(chance, 4_000)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged)


def _noise(body: bytes, chance: Chance, pages: Sequence[bytes]) -> bytes:
    return _put(body, chance, chance.randbytes(_size(chance, 300_000)))


def _nul(body: bytes, chance: Chance, pages: Sequence[bytes]) -> bytes:
    if chance.random() < 0.5:
        return body[: LARGEST // 2].replace(chance.choice((b"", b">", b" ")), b"\x00")
    return _put(body, chance, b"\x00" * _size(chance, 1_000_000))


def _tags(change: Callable[[bytes, Chance], bytes]) -> Damage:
    """A share of the page's tags, changed."""

    def damage(body: bytes, chance: Chance, pages: Sequence[bytes]) -> bytes:
        share = chance.random()
        return TAG.sub(lambda tag: change(tag[0], chance) if chance.random() < share else tag[0], body)

    return damage


def _nested(body: bytes, chance: Chance, pages: Sequence[bytes]) -> bytes:
    inside = [chance.choice(TAGS) for _ in range(chance.choice((1, 1, 2, 3)))]
    often = _size(chance, 10_000)
    opened = (
        "".join(f"<{tag}>" if chance.random() < 0.7 else f"<{tag} class=a{tag}>" for tag in inside) * often
    )
    closed = "".join(f"</{tag}>" for tag in reversed(inside)) * often
    what = opened + SENTENCE * chance.randrange(9)
    return _put(body, chance, what + (closed if chance.random() < 0.5 else ""))


def _attribute(body: bytes, chance: Chance, pages: Sequence[bytes]) -> bytes:
    unit = chance.choice(
        ("x", "a ", "comment ", "content-", "display:", "http://a/", '{"a":', "&amp;", SENTENCE)
    )
    value = unit * (_size(chance, 1_000_000) // len(unit) + 1)
    quote = chance.choice(("'", ""))
    tag = chance.choice((*TAGS, "meta name=author", "meta name=pubdate", "time", "img", "body"))
    return _put(body, chance, f"<{tag} {chance.choice(ATTRIBUTES)}={quote}{value}{quote}>")


def _swapped(body: bytes, chance: Chance, pages: Sequence[bytes]) -> bytes:
    cuts = sorted(_at(body, chance) for _ in range(chance.randrange(2, 40)))
    pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    chance.shuffle(pieces)
    return b"".join(pieces)


def _glued(body: bytes, chance: Chance, pages: Sequence[bytes]) -> bytes:
    others = [chance.choice(pages) for _ in range(_size(chance, 30))]
    if chance.random() < 0.5:
        return b"".join([body, *others])
    return _put(body, chance, b"".join(others))


def _entities(body: bytes, chance: Chance, pages: Sequence[bytes]) -> bytes:
    unit = chance.choice(
        ("&lt;", "&amp;", "&#x4e2d;", "&#0;", "&#xffffffff;", "&", "&nbsp;", "&zwj;", "&notit;", "&#")
    )
    return _put(body, chance, "&amp;" + "amp;" * 9 + unit * _size(chance, 300_000))


def _script(body: bytes, chance: Chance, pages: Sequence[bytes]) -> bytes:
    unit = chance.choice(
        (
            f'{{"title":"一二三四","content":"<p>{SENTENCE}</p>"}},',
            f'"content":"{SENTENCE}",',
            '{"a":[',
            '"一",',
            "ct=     ",
            'createTime:"',
            "'\"`",
            "/*",
            "=/[",
            "\\u4e2d",
            "\\x0a",
            "function(){return/\\d/g}",
            f"\\u003cp\\u003e{SENTENCE}",
            "&lt;p&gt;",
            "]}",
        )
    )
    size = _size(chance, 3_000_000)
    opened = chance.choice(
        ("window.__STATE__=", 'window.a=JSON.parse("', "", '[{"articleBody":"', "var msg_desc='")
    )
    kind = chance.choice(("", ' type="application/ld+json"', ' type="application/json" id="__NEXT_DATA__"'))
    text = f"<script{kind}>{opened}{unit * (size // len(unit) + 1)}</script>"
    return _put(body, chance, text * _size(chance, max(1, 4_000_000 // len(text))))


def _table(body: bytes, chance: Chance, pages: Sequence[bytes]) -> bytes:
    cell = chance.choice(
        ("<td>一", f"<td>{SENTENCE}</td>", "<th><a href=1>二</a>", "<td colspan=1000 rowspan=9999>", "<td>")
    )
    wide = _size(chance, 3_000)
    return _put(body, chance, "<table>" + ("<tr>" + cell * wide) * (_size(chance, 60_000) // wide + 1))


def _posts(body: bytes, chance: Chance, pages: Sequence[bytes]) -> bytes:
    names = chance.choice(("post", "reply", "comment item", "floor a b c d", "x", ""))
    text = f'<div class="{names}"><a href="/user/1">甲</a> 2020-05-06 10:00 {chance.randrange(9)}楼<p>{SENTENCE}</p>'
    return _put(body, chance, (text + chance.choice(("</div>", ""))) * _size(chance, 12_000))


def _mark(body: bytes, chance: Chance, pages: Sequence[bytes]) -> bytes:
    unit = "".join(chance.choice(MARKS) for _ in range(chance.choice((1, 1, 1, 2, 3))))
    line = unit * (_size(chance, 600_000) // len(unit) + 1)
    tag = chance.choice(("p", "h1", "title", "pre", "div class=time", "span id=author"))
    return _put(
        body, chance, f"<{tag}>{chance.choice(('', SENTENCE, '来源：', '作者：'))}{line}</{tag.split()[0]}>"
    )


def _words(body: bytes, chance: Chance, pages: Sequence[bytes]) -> bytes:
    """Words of the line rules themselves, in a row or in many lines."""
    rule = chance.choice(table("boilerplate"))[3]
    words = [word for word in re.split(r"[^\u4e00-\u9fffA-Za-z]+", rule) if word] or ["来源"]
    between = chance.choice(("", "：", " ", "　", "</p><p>", "<br>", "\n", "|", "，"))
    unit = "".join(chance.choice(words) + between for _ in range(chance.randrange(1, 9)))
    return _put(body, chance, f"<p>{unit * (_size(chance, 300_000) // len(unit) + 1)}</p>")


def _many(unit: str, most: int) -> Damage:
    return lambda body, chance, pages: _put(body, chance, unit * _size(chance, most))


def _charset(body: bytes, chance: Chance, pages: Sequence[bytes]) -> bytes:
    label = chance.choice(LABELS)
    body = CHARSET.sub(b"charset=" + label.encode(), body)
    if chance.random() < 0.5:
        codec = chance.choice(("gb18030", "big5", "utf-16", "utf-16-be", "shift_jis", "euc-kr", "utf-7"))
        body = body.decode("utf-8", "replace").encode(codec, "replace")
    return body


KINDS: dict[str, Damage] = {
    "cut": _cut,
    "lost": _lost,
    "repeated": _repeated,
    "stray bytes": _stray,
    "noise": _noise,
    "nul": _nul,
    "tags dropped": _tags(lambda tag, chance: b""),
    "tags doubled": _tags(lambda tag, chance: tag * chance.randrange(2, 6)),
    "tags unclosed": _tags(lambda tag, chance: b"" if tag.startswith(b"</") else tag),
    "tags renamed": _tags(lambda tag, chance: b"<" + chance.choice(TAGS).encode() + b">"),
    "nested": _nested,
    "attribute": _attribute,
    "swapped": _swapped,
    "glued": _glued,
    "entities": _entities,
    "script": _script,
    "table": _table,
    "posts": _posts,
    "mark": _mark,
    "words": _words,
    "less-than": _many("<", 600_000),
    "comments": _many("<!-- 一 -->", 200_000),
    "open comments": _many("<!--", 200_000),
    "links": _many(f"<a href=/1>{SENTENCE[:12]}</a>", 60_000),
    "headings": _many("<h2>二〇二四年五月六日</h2>", 30_000),
    "metas": _many("<meta name=author content=李小山><meta property=og:title content=一>", 30_000),
    "frames": _many(f"<iframe srcdoc='<p>{SENTENCE}'></iframe>", 9_000),
    "noscripts": _many(f"<noscript><p>{SENTENCE}</noscript>", 9_000),
    "items": _many("<i itemprop=author><time datetime=2024-05-06>", 9_000),
    "paragraphs": _many(f"<p>{SENTENCE}", 40_000),
    "breaks": _many(f"<br>{SENTENCE}", 40_000),
    "charset": _charset,
}


def mutant(pages: Sequence[bytes], seed: int, number: int) -> tuple[bytes, str, str]:
    """(bytes, content type, names of its damages) of one mutant, the same whenever asked."""
    chance = random.Random(f"{seed}/{number}")
    body = chance.choice(pages)
    kinds = [chance.choice(list(KINDS)) for _ in range(chance.choice((1, 1, 2, 3)))]
    for kind in kinds:
        body = KINDS[kind](body, chance, pages)[:LARGEST]
    plain = chance.random() < 0.03
    return body, "text/plain" if plain else "", ", ".join(["plain"] * plain + kinds)


def run(pages: Sequence[bytes], count: int, seed: int, first: int) -> int:
    """Read the mutants `first` … `first + count - 1`; name those that crash or take long, and the slowest."""
    times: list[tuple[float, str]] = []
    crashed = 0
    for number in range(first, first + count):
        body, kind, names = mutant(pages, seed, number)
        what = f"--seed {seed} --first {number} --count 1: {len(body):8d} bytes, {names}"
        start = time.process_time()
        try:
            page = extract_page(body, url="http://unknown.invalid/", content_type=kind)
            failed = page.reason or ""
        except Exception as error:  # noqa: BLE001  any kind is the finding
            failed = f"failed:{type(error).__name__}"
        spent = time.process_time() - start
        if failed.startswith("failed:"):
            crashed += 1
            print(f"{failed} {what}", flush=True)
        if spent > SLOW:
            print(f"{spent:.2f} s {what}", flush=True)
        times.append((spent, what))
    slow = sum(spent > SLOW for spent, _ in times)
    mean = sum(spent for spent, _ in times) / max(1, count)
    print(f"{count} mutants: {crashed} crashed, {slow} over {SLOW} s, mean {mean:.3f} s; the slowest:")
    for spent, what in heapq.nlargest(WORST, times):
        print(f"{spent:7.2f} s {what}")
    return 1 if crashed or slow else 0
