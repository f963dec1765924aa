"""Made-up cases of the same kinds as in dedupe_cases.py in forms that no rule was written for.

Where a rule there is found by its wording, its marks or its place, here the wording, the marks and the place are
others: what holds on those and not on these is fitted to the cases.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from benchmarks.dedupe_cases import HAN, PLACES, THINGS, Case, Writer

COLUMNS = ["灯下谈稻专栏", "河边记事与闲话"]
FIRMS = ["股份", "科技", "能源", "药业", "重工", "银行", "纸业", "水泥"]
_NUMBER = re.compile(r"\d+")


def _firm(w: Writer) -> tuple[str, str]:
    return w.pick(PLACES) + w.pick(FIRMS), f"{w.chance.randint(600000, 603999)}"


def _day(w: Writer) -> str:
    return f"{w.chance.randint(1, 12)}月{w.chance.randint(1, 28)}日"


def headers(w: Writer, count: int) -> Iterator[Case]:
    """Notices told apart by a line of codes above one body, without a title."""
    for k in range(max(2, count // 15)):
        body, named = w.paragraphs(350), set[str]()
        while len(named) < 20:
            named.add(_firm(w)[0] + w.word())
        for n, firm in enumerate(sorted(named)):
            code, issue = _firm(w)[1], w.chance.randint(1, 99)
            line = f"证券代码：{code} 证券简称：{firm} 公告编号：2024-{issue:03d}"
            yield w.case("headers", f"hd{k}.{n}", [line, *body], title="", form=f"hd{k}")


def middles(w: Writer, count: int) -> Iterator[Case]:
    """Notices told apart by one line amid a body that is the same."""
    for k in range(max(2, count // 15)):
        body, named = w.paragraphs(400), set[str]()
        while len(named) < 20:
            named.add(_firm(w)[0] + w.word())
        for n, firm in enumerate(sorted(named)):
            line = f"中标单位为{firm}，中标金额{w.chance.randint(100, 9999)}万元，公示期至{_day(w)}。"
            at = len(body) // 2
            text = [*body[:at], line, *body[at:]]
            yield w.case("middles", f"md{k}.{n}", text, title="项目中标结果", form=f"md{k}")


def written_in(w: Writer, count: int) -> Iterator[Case]:
    """Instances of a form whose first sentence is facts throughout, and a copy of each with a word changed."""
    body, made = w.paragraphs(300), set[str]()
    while len(made) < count * 3:
        made.add(
            f"{w.pick(PLACES)}{w.word()}{w.word()}（{w.chance.randint(10**5, 10**6)}）于{_day(w)}收到{w.person()}"
            f"的申请，受理编号{w.chance.randint(10**6, 10**7)}。"
        )
    for n, line in enumerate(sorted(made)):
        for version in range(2):
            text = [line, *(w.edited(body, 1) if version else body)]
            yield w.case("written_in", f"wi{n}", text, title="", form="wi")


def openings(w: Writer, count: int) -> Iterator[Case]:
    """What opens and what closes, under titles without a word for notices."""
    words = (("开幕", "闭幕"), ("启动", "收官"), ("开工", "竣工"), ("开馆", "闭馆"))
    for n in range(count):
        place, body, thing = w.pick(PLACES), w.paragraphs(300), w.pick(THINGS)
        day = w.chance.randint(2, 12)
        for word, on in zip(words[n % 4], (day, day + w.chance.randint(4, 12)), strict=True):
            head = f"{place}{thing}节{n % 12 + 1}月{on}日{'上午' if on == day else '下午'}{word}。"
            title = f"{place}{thing}节{word}"
            yield w.case("openings", f"op{n}.{word}", [head, *body], title=title, form=f"op{n}")


def corrected(w: Writer, count: int) -> Iterator[Case]:
    """Versions: one day, sum or name put right, a typing error in the title, a line about the text before it."""
    for n in range(count):
        person, other = w.person(), w.pick(HAN)
        hurt, lost = w.chance.randint(2, 30), w.chance.randint(20, 900)
        head = f"{w.pick(PLACES)}{_day(w)}发生一起事故，{hurt}人受轻伤，损失约{lost}万元。"
        body = [f"{person}当时在场。", *w.paragraphs(w.chance.randint(200, 600)), f"{person}最后离开。"]
        title = w.headline(body[1:])
        text = [head, *body]
        day, hour = f"2024-0{n % 9 + 1}-1{n % 9}", f"0{n % 9}:3{n % 9}"
        changed = {
            0: ([head.replace("人受轻伤", f"{n % 3}人受轻伤"), *body], title),
            1: ([head.replace("万元", f"{n % 10}万元"), *body], title),
            2: ([one.replace(person, person[:-1] + other) for one in text], title),
            3: (text, title[:2] + other + title[3:]),
            4: ([f"{day} {hour} {w.pick(PLACES)}网", *text], title),
            5: ([f"（{w.pick(PLACES)}日报记者 {w.person()} 通讯员 {w.person()}）", *text], title),
            6: ([f"作者：{w.person()} | 来源：{w.pick(PLACES)}网 | {day}", *text], title),
            7: ([f"原标题：{title}", *text], title),
            8: ([*text, f"（责任编辑：{w.person()}）"], title),
        }[n % 9]
        yield w.case("corrected", f"co{n}", text, title=title)
        yield w.case("corrected", f"co{n}", changed[0], title=changed[1])


def bylines(w: Writer, count: int) -> Iterator[Case]:
    """Two sites' copies of one article, each with its own line of date, hour and site above it."""
    for n in range(count):
        text = w.paragraphs(w.chance.randint(150, 500))
        for hour in (8, 17):
            day = f"2024年{n % 12 + 1}月{n % 20 + hour % 7}日"
            line = f"{day} {hour}:{n % 49 + 10} {w.pick(PLACES)}{w.pick(['网', '新闻', '在线'])}"
            yield w.case("bylines", f"by{n}", [line, *text], title=w.headline(text))


def records(w: Writer, count: int) -> Iterator[Case]:
    """Records of one schema, as Python prints them, as lines of key and value, as XML."""
    names = [
        "serial_number",
        "owner_name",
        "storage_location",
        "received_on",
        "last_checked_by",
        "condition_remarks",
    ]
    for n in range(count):
        values = [
            str(w.chance.randint(1, 10**9)),
            w.person(),
            w.title(),
            f"2024-0{n % 9 + 1}-11",
            w.person(),
            w.paragraphs(10)[0],
        ]
        pairs = list(zip(names, values, strict=True))
        kind = n % 3
        text = {
            0: "{" + ", ".join(f"'{key}': '{value}'" for key, value in pairs) + "}",
            1: "\n".join(f"{key}: {value}" for key, value in pairs),
            2: "<record>\n" + "\n".join(f"  <{key}>{value}</{key}>" for key, value in pairs) + "\n</record>",
        }[kind]
        yield w.case("records", f"rc{n}", text, title="", form=f"rc{kind}")


def code(w: Writer, count: int) -> Iterator[Case]:
    """Articles with the same code, data and addresses, marked otherwise."""
    lines = [f"value_{n} = transform(item[{n}], offset={n * 13 % 17}, strict=True)" for n in range(14)]
    data = "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef0123456789+/"[n * n % 44] for n in range(700))
    query = "&".join(f"p{n}=%E5%{n % 90 + 10}%B{n % 10}" for n in range(50))
    for n in range(count):
        prose = w.paragraphs(220)
        inside = {
            0: ["~~~python", *lines, "~~~"],
            1: [f"    {line}" for line in lines],
            2: [f"![图](data:image/png;base64,{data})"],
            3: [f"www.files.example/download?{query}"],
            4: ["  ```", *lines, "  ```"],
        }[n % 5]
        yield w.case("code", f"cd{n}", [*prose[:2], *inside, *prose[2:]])


def about(w: Writer, count: int) -> Iterator[Case]:
    """Articles of several sites that end with, open with or have amid them the same two paragraphs about a firm."""
    for n in range(max(1, count // 4)):
        shared = w.paragraphs(w.chance.randint(220, 380))
        for side in range(3):
            own = w.paragraphs(int(sum(map(len, shared)) * w.chance.uniform(1.1, 2.0)))
            at = (0, len(own) // 2, len(own))[n % 3]
            title = w.headline(own) if n % 2 else ""
            yield w.case("about", f"ab{n}.{side}", own[:at] + shared + own[at:], title=title)


def washed_inside(w: Writer, count: int) -> Iterator[Case]:
    """An article with words replaced and sentences left out, at the beginning or the end of a longer one."""
    for n in range(count):
        paragraphs = w.paragraphs(400)
        washed = [line for at, line in enumerate(w.rewritten(paragraphs)) if at % 7 != 3]
        yield w.case("washed_inside", f"wa{n}", paragraphs)
        more = w.paragraphs(w.chance.randint(400, 900))
        long = washed + more if n % 2 else more + washed
        yield w.case("washed_inside", f"wa{n}.long", long, holds=f"wa{n}")


def tiny(w: Writer, count: int) -> Iterator[Case]:
    """Texts of ten to seventy characters: equal but for marks, and one that differs in a word."""
    for n in range(count):
        text = w.paragraphs(10)[0][: w.chance.randint(12, 60)]
        yield w.case("tiny", f"ti{n}", text)
        other = {
            0: "「" + text.replace("，", "、") + "」",
            1: " ".join(text),
            2: text.replace("，", "——") + "……🙂",
        }[n % 3]
        yield w.case("tiny", f"ti{n}", other)
        yield w.case("tiny", f"ti{n}.other", w.replaced(text.replace("，", ""), 4) + "了")


def columns(w: Writer, count: int) -> Iterator[Case]:
    """Instalments of a column under one title, between an opening and a close that are the same; two or three of it."""
    for n in range(max(1, count // 2)):
        opening, close = w.paragraphs(w.chance.randint(40, 160)), w.paragraphs(w.chance.randint(40, 160))
        for part in range(2 + n % 2):
            own = w.paragraphs(w.chance.randint(180, 400))
            text = [*opening, *own, *close]
            yield w.case("columns", f"cl{n}.{part}", text, site=f"columns{n}.example", title=COLUMNS[n % 2])


def retold(w: Writer, count: int) -> Iterator[Case]:
    """Versions under one title, in which every second or third paragraph says its numbers in other words."""

    def anew(line: str) -> str:
        numbers = iter(_NUMBER.findall(line))
        return _NUMBER.sub(lambda found: next(numbers, "若干"), w.paragraphs(len(line))[0])

    for n in range(count):
        text = w.paragraphs(w.chance.randint(400, 900))
        other = [anew(line) if at % (2 + n % 2) == 1 else line for at, line in enumerate(text)]
        title = w.headline(text)
        yield w.case("retold", f"rt{n}", text, title=title)
        yield w.case("retold", f"rt{n}", other, title=title)


def editions(w: Writer, count: int) -> Iterator[Case]:
    """A book of a dozen chapters in two editions, of which the second has passages written anew, and pages of its
    chapters in both."""
    for n in range(max(1, count // 10)):
        first = [w.paragraphs(w.chance.randint(300, 900)) for _ in range(w.chance.randint(10, 16))]
        second = [[*part[:-2], *w.paragraphs(90)] if at % 3 == 1 else part for at, part in enumerate(first)]
        for edition, parts in enumerate((first, second)):
            book = [line for at, part in enumerate(parts) for line in (f"第{at + 1}章", *part)]
            held = w.chance.randrange(0, len(parts), 3)
            yield w.case("editions", f"ed{n}.{held}", parts[held])
            holds = (
                "" if edition else f"ed{n}.{held}"
            )  # the second is a copy of the first, which has the links
            yield w.case("editions", f"ed{n}.book", book, title=f"第{n}号手册", holds=holds)


VARIANTS: tuple[Callable[[Writer, int], Iterator[Case]], ...] = (
    headers,
    middles,
    written_in,
    openings,
    corrected,
    bylines,
    records,
    code,
    about,
    washed_inside,
    tiny,
    columns,
    retold,
    editions,
)
