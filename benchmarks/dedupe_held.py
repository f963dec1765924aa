"""Made-up articles that stand in longer texts, and versions as sites make them, each with and without its furniture.

Written before it was seen what is made of them: a chapter in a book, an article in a digest of ten, a press release
below two paragraphs of an editor's, a quotation that is no copy, a rewritten article in a longer one, one text in both
scripts, in wrapped and in joined lines. A holder has the frame of its site in every other case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import opencc

from benchmarks.dedupe_cases import Case, Writer

WIDTH = 34
"""Characters of a wrapped line."""

_TRADITIONAL = opencc.OpenCC("s2twp").convert


def _framed(w: Writer, lines: list[str], site: str) -> list[str]:
    return [
        f"{site}首页 > 新闻中心 > 正文",
        f"来源：{site} 发布时间：2024-05-{w.chance.randint(10, 28)} 16:20 浏览次数：{w.chance.randint(10, 900)}",
        *lines,
        "【打印本页】 【关闭窗口】 分享到： 微信 微博",
        "网站地图 | 关于我们 | 联系方式 | 隐私条款",
    ]


def _shown(w: Writer, n: int, lines: list[str]) -> list[str]:
    return _framed(w, lines, w.body()) if n % 2 else lines


def chapters(w: Writer, count: int) -> Iterator[Case]:
    """A book of six to twelve chapters under their headings, and a page of one of them."""
    for n in range(count):
        parts = [w.paragraphs(w.chance.randint(400, 1500)) for _ in range(w.chance.randint(6, 12))]
        heads = [f"第{at}章 {w.word()}与{w.word()}" for at in range(1, len(parts) + 1)]
        at = w.chance.randrange(len(parts))
        yield w.case("chapters", f"cp{n}", _shown(w, n, [heads[at], *parts[at]]), title=heads[at])
        book = [line for head, part in zip(heads, parts, strict=True) for line in (head, *part)]
        yield w.case("chapters", f"cp{n}.book", book, title=f"{w.word()}手册", holds=f"cp{n}")


def digests(w: Writer, count: int) -> Iterator[Case]:
    """A page of ten articles, and one of them elsewhere."""
    for n in range(count):
        parts = [w.paragraphs(w.chance.randint(180, 500)) for _ in range(10)]
        chosen = w.chance.randrange(10)
        yield w.case("digests", f"dg{n}", _shown(w, n, parts[chosen]), title=w.headline(parts[chosen]))
        page = [line for part in parts for line in (w.headline(part), *part)]
        yield w.case("digests", f"dg{n}.page", page, title="一周要闻", holds=f"dg{n}")


def leads(w: Writer, count: int) -> Iterator[Case]:
    """A press release, and an editor's two paragraphs above it: a version, however it is framed."""
    for n in range(count):
        text = w.paragraphs(w.chance.randint(500, 900))
        lead = w.paragraphs(90)[:2]
        yield w.case("leads", f"ld{n}", text, title=w.headline(text))
        yield w.case("leads", f"ld{n}", _shown(w, n, [*lead, *text]), title=w.headline(text))


def quotations(w: Writer, count: int) -> Iterator[Case]:
    """A third of an article within another one, which is about something else: neither a version nor held."""
    for n in range(count):
        one = w.paragraphs(700)
        other = w.paragraphs(w.chance.randint(480, 700))
        start = w.chance.randrange(max(1, len(one) // 2))
        quoted = one[start : start + max(1, len(one) // 3)]
        at = len(other) // 2
        yield w.case("quotations", f"qt{n}", one, title=w.headline(one))
        text = [*other[:at], *quoted, *other[at:]]
        yield w.case("quotations", f"qt{n}.other", _shown(w, n, text), title=w.headline(other))


def washed(w: Writer, count: int) -> Iterator[Case]:
    """An article with a word in twelve replaced, amid, before or after as much of another one."""
    for n in range(count):
        text = w.paragraphs(500)
        more = w.paragraphs(w.chance.randint(500, 1000))
        at = (0, len(more), len(more) // 2)[n % 3]
        yield w.case("washed", f"ws{n}", text, title=w.headline(text))
        long = [*more[:at], *w.rewritten(text), *more[at:]]
        yield w.case("washed", f"ws{n}.long", _shown(w, n, long), title=w.headline(more), holds=f"ws{n}")


def notices(w: Writer, count: int) -> Iterator[Case]:
    """One form, whose facts stand in the title or in the last line, with a correction of every fourth."""
    for n in range(max(2, count // 10)):
        body = w.paragraphs(300)
        for k in range(10):
            who, day = f"{w.body()}{w.word()}", f"2024年{k + 1}月{w.chance.randint(1, 28)}日"
            title = f"关于{who}停水的公告" if n % 2 else "停水公告"
            foot = [] if n % 2 else [f"{who} {day}"]
            yield w.case("notices", f"nt{n}.{k}", [*body, *foot], title=title, form=f"nt{n}")
            if k % 4 == 0:
                put_right = [w.replaced(body[0], 5), *body[1:], *foot]
                yield w.case("notices", f"nt{n}.{k}", put_right, title=title, form=f"nt{n}")


def scripts(w: Writer, count: int) -> Iterator[Case]:
    """One text in Simplified and, in Taiwan's words, in Traditional characters."""
    for n in range(count):
        text = w.paragraphs(w.chance.randint(200, 800))
        title = w.headline(text)
        yield w.case("scripts", f"sc{n}", text, title=title)
        turned = [_TRADITIONAL(line) for line in text]
        yield w.case("scripts", f"sc{n}", _shown(w, n, turned), title=_TRADITIONAL(title))


def lines(w: Writer, count: int) -> Iterator[Case]:
    """One text in wrapped lines, and in one joined line that has the furniture of its site in it."""
    for n in range(count):
        text, site = w.paragraphs(w.chance.randint(300, 900)), f"lines{n % 5}.example"
        title = w.headline(text)
        wrapped = [line[at : at + WIDTH] for line in text for at in range(0, len(line), WIDTH)]
        yield w.case("lines", f"ln{n}", wrapped, title=title)
        yield w.case("lines", f"ln{n}", "".join(_framed(w, text, site)), title=title, site=f"{site}.copies")
        yield w.case("lines", f"ln{n}", _framed(w, text, site), title=title, site=site)


HELD: tuple[Callable[[Writer, int], Iterator[Case]], ...] = (
    chapters,
    digests,
    leads,
    quotations,
    washed,
    notices,
    scripts,
    lines,
)
