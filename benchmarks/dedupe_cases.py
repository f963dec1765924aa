"""Made-up documents with gold for what is hard to deduplicate; nothing of them was written by anybody.

Deterministic for one seed. The text is composed of word lists, so that two articles share words and phrases as news
does, and no sentence. Each group is one way in which copies, versions, notices and frames are mistaken for each other.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.rules import table


def _words(text: str) -> list[str]:
    return text.split()


SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = _words("""
志强 晓梅 国栋 雅静 建业 思远 文博 丽华 海涛 佳宁 春生 玉兰 立群 慧敏 长青 若水 明哲 秀云 天佑 子涵
""")
PLACES = _words("""
青川 临江 白石 云岭 河东 南浦 长宁 柳城 金沙 平湖 望海 石桥 松林 双溪 古田 丰乐 清源 北山 东港 西渡
龙泉 沙洲 安远 怀柔 兴隆 碧水 高岗 永定 芦花 大营
""")
BODIES = _words("""
水务局 图书馆 农科所 中学 医院 博物馆 气象台 商会 交通集团 电力公司 体育局 渔业站 剧团 美术馆 大学
邮局 合作社 环卫中心 社区 消防队
""")
THINGS = _words("""
水库 堤坝 稻种 校舍 公交线路 展览 档案 候鸟 果园 桥梁 管网 课程 药房 码头 古树 茶园 电站 球场 夜市
渔船 织机 乐谱 仓库 温室 路灯 书屋 食堂 戏台 灯塔 苗圃 机床 磨坊 地铁 隧道 湿地 牧场 蜂箱 窑址 碑刻
车站
""")
VERBS = _words("""
整修 登记 扩建 迁移 清点 试种 测量 收购 出租 展出 修复 翻译 检验 停用 加固 拍摄 巡查 移交 命名 规划
采购 改造 开放 封闭 培训 演练 评审 招标 拆除 绘制
""")
MANNERS = _words("""
按原定计划 在专家指导下 分三批 利用假期 依照旧图纸 不顾连日大雨 由志愿者协助 征得住户同意后
经过反复试验 以较低的成本 在没有先例的情况下 沿用老办法 与邻县一道 动用了全部人手 趁枯水季节
""")
ENDINGS = _words("""
居民对此议论不一 费用由各方分担 结果要到秋后才知道 附近的孩子常来观看 这在当地还是头一回
老人们说从前也有过 负责人没有透露更多细节 不少人专程赶来 有关材料已经存档 下一步的安排仍在商量
天黑以前一切恢复了平静 事后没有人提出异议 邻近几处也打算照办 所需物资早已备齐 记录显示过程十分顺利
""")
LEGAL = (
    "本网站所载文字图片音频视频等资料的一切权利归权利人所有",
    "任何机构或个人未经书面许可不得以复制镜像转载等方式使用",
    "所提供的信息仅供参考不构成任何形式的承诺或者建议",
    "用户因使用或不能使用本服务而产生的损失本站概不负责",
    "如权利人认为相关内容侵犯其合法权益请备齐证明材料与客服联系",
    "本站将在核实之后的合理期限内予以更正或者删除相关链接",
    "链接到其他网站时请自行判断其安全性并阅读该网站的条款",
    "本条款的解释效力及争议的解决适用所在地现行的法律法规",
    "因不可抗力黑客攻击线路故障造成的中断不视为违约",
    "我们可能不时修改本声明修改后的内容一经公布即行生效",
)


HAN = "".join(chars for chars, *_ in table("common-han"))


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one article, which hardly another one has."""

    things: list[str]
    places: list[str]
    verbs: list[str]
    people: list[str]
    phrases: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One document and what it is."""

    id: str
    site: str
    title: str
    text: str
    group: str
    cluster: str
    """Gold: documents with one cluster are versions of one article."""
    form: str = ""
    """Gold: the form it is an instance of; empty: none."""
    holds: str = ""
    """Gold: the cluster of an article that stands in it."""


class Writer:
    """Composes sentences, articles and their edits, all drawn from one seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self._number = 0

    def pick(self, words: Sequence[str]) -> str:
        return self.chance.choice(words)

    def word(self) -> str:
        return self.pick(HAN) + self.pick(HAN)

    def person(self) -> str:
        return self.pick(SURNAMES) + self.pick(GIVEN)

    def body(self) -> str:
        return self.pick(PLACES) + self.pick(BODIES)

    def paragraphs(self, size: int) -> list[str]:
        """An article of about so many characters: words of its own, phrases of everybody."""
        things, places, verbs = ([self.word() for _ in range(count)] for count in (30, 15, 20))
        phrases = [self.word() + self.pick("的地得") + self.word() + self.word() for _ in range(12)]
        own = Words(things, places, verbs, [self.person() for _ in range(4)], phrases)
        found: list[str] = []
        written = 0
        while written < size:
            found.append("".join(self._sentence(own) for _ in range(self.chance.randint(1, 3))))
            written += len(found[-1])
        return found

    def _sentence(self, own: Words) -> str:
        c, pick = self.chance, self.pick
        who = c.choice([pick(own.people), pick(own.places) + pick(BODIES), self.body() + pick(own.people)])
        number = c.choice(
            [f"{c.randint(2, 980)}处", f"{c.randint(2, 60)}年前的", f"第{c.randint(2, 40)}座", "新旧", ""]
        )
        manner = pick(MANNERS if c.random() < 0.3 else own.phrases)
        clauses = [
            f"{who}{manner}{pick(own.verbs)}{pick(own.places)}的{number}{pick(own.things)}",
            f"{pick(own.people)}说{pick(own.things)}比{pick(own.things)}更要紧",
            f"{pick(own.things)}和{pick(THINGS)}也随之{pick(own.verbs)}",
            f"{pick(own.places)}的{pick(own.things)}早已{pick(VERBS)}",
            pick(ENDINGS) if c.random() < 0.4 else pick(own.phrases) + pick(own.verbs),
        ]
        return "，".join([clauses[0], *c.sample(clauses[1:], c.choice([1, 2, 2]))]) + "。"

    def headline(self, paragraphs: list[str]) -> str:
        """What the first sentence says, in short."""
        clause = paragraphs[0].partition("，")[0][:40]
        for manner in MANNERS:
            clause = clause.replace(manner, "")
        return clause

    def title(self) -> str:
        return f"{self.body()}{self.pick(VERBS)}{self.pick(PLACES)}{self.pick(THINGS)}"

    def edited(self, paragraphs: list[str], places: int = 4) -> list[str]:
        """A lightly edited version: words replaced in a few places, one paragraph joined to the next at times."""
        found = list(paragraphs)
        for _ in range(places):
            at = self.chance.randrange(len(found))
            found[at] = self.replaced(found[at], self.chance.randrange(len(found[at])))
        if len(found) > 3 and self.chance.random() < 0.4:
            at = self.chance.randrange(len(found) - 1)
            found[at : at + 2] = [found[at] + found[at + 1]]
        return found

    def rewritten(self, paragraphs: list[str]) -> list[str]:
        """Another word about every twelve characters: what is called washing a text."""
        found = []
        for paragraph in paragraphs:
            text = paragraph
            for at in range(self.chance.randrange(12), len(paragraph), 12):
                text = self.replaced(text, at)
            found.append(text)
        return found

    def replaced(self, text: str, at: int) -> str:
        return text if set(text[at : at + 2]) & set("，。") else text[:at] + self.word() + text[at + 2 :]

    def case(self, group: str, cluster: str, text: str | list[str], **more: str) -> Case:
        self._number += 1
        name = f"{group}-{self._number:06d}"
        lines = [text] if isinstance(text, str) else text
        given = {"site": f"{name}.example", "title": self.headline(lines), **more}
        return Case(
            id=name,
            group=group,
            cluster=cluster,
            text="\n".join(lines),
            **given,
        )


def versions(w: Writer, count: int) -> Iterator[Case]:
    """Several lightly edited versions of each of a site's articles, and nothing else there."""
    for n in range(count):
        for article in range(w.chance.randint(1, 3)):
            paragraphs = w.paragraphs(500)
            title = w.headline(paragraphs)
            for version in range(w.chance.randint(3, 5)):
                text = w.edited(paragraphs) if version else paragraphs
                yield w.case("versions", f"v{n}.{article}", text, site=f"v{n}.example", title=title)


def frames(w: Writer, count: int) -> Iterator[Case]:
    """Two articles of a site, three near-copies each, under a tail two to four times as long as they are."""
    for n in range(count):
        size = w.chance.randint(150, 350)
        tail = w.paragraphs(int(size * w.chance.uniform(2, 4)))
        for article in range(2):
            paragraphs = w.paragraphs(size)
            title = ("", w.headline(paragraphs), "本地要闻")[n % 3]
            for version in range(3):
                text = w.edited(paragraphs, 2) if version else paragraphs
                yield w.case("frames", f"f{n}.{article}", text + tail, site=f"f{n}.example", title=title)


def long_frame(w: Writer, count: int) -> Iterator[Case]:
    """Many short articles of one site in one long frame."""
    head, tail = w.paragraphs(200), w.paragraphs(1500)
    for n in range(count * 4):
        own = w.paragraphs(200)
        yield w.case("long_frame", f"lf{n}", head + own + tail, site="lf.example", title=w.headline(own))


def legal_tails(w: Writer, count: int) -> Iterator[Case]:
    """One legal notice of 1,200 characters under articles of as many sites."""
    for k in range(max(1, count // 20)):
        clauses = [f"{w.pick(MANNERS)}{clause}{w.pick(ENDINGS)}。" for clause in LEGAL for _ in range(3)]
        tail = "".join(w.chance.sample(clauses, len(clauses)))[:1200]
        for n in range(40):
            own = w.paragraphs(w.chance.randint(300, 700))
            yield w.case("legal_tails", f"lt{k}.{n}", [*own, tail], title=w.headline(own) if n % 2 else "")


def halts(w: Writer, count: int) -> Iterator[Case]:
    """Notices of one body: what each is about stands in the title, the first or the last line only."""
    for k in range(max(3, count // 10)):
        body, where = w.paragraphs(400), ("title", "head", "tail")[k % 3]
        made: set[str] = set()
        while len(made) < 24:
            made.add(
                f"{w.pick(PLACES)}{w.pick(['股份', '科技', '能源', '药业'])}（{w.chance.randint(600000, 603999)}）"
            )
        for n, firm in enumerate(sorted(made)):
            day = f"2024年{w.chance.randint(1, 12)}月{w.chance.randint(1, 28)}日"
            text = {
                "title": body,
                "head": [f"{firm}自{day}起停牌。", *body],
                "tail": [*body, f"{firm}董事会", day],
            }[where]
            title = f"{firm}关于股票停牌的公告" if where == "title" else "关于股票停牌的公告"
            yield w.case("halts", f"h{k}.{n}", text, title=title, form=f"h{k}")


def congresses(w: Writer, count: int) -> Iterator[Case]:
    """The opening and the closing notice of one congress."""
    for n in range(count):
        place, body, day = w.pick(PLACES), w.paragraphs(350), w.chance.randint(2, 20)
        for word, on in (("开幕", day), ("闭幕", day + w.chance.randint(3, 7))):
            head = f"{place}第{n % 9 + 3}届代表大会于5月{on}日{word}。"
            yield w.case(
                "congresses", f"c{n}.{word}", [head, *body], title=f"{place}代表大会{word}公告", form=f"c{n}"
            )


def corrections(w: Writer, count: int) -> Iterator[Case]:
    """A number put right, a word of the title changed, a line of metadata added or another one: versions."""
    for n in range(count):
        killed = w.chance.randint(3, 9)
        head = f"{w.pick(PLACES)}昨晚的风暴中有{killed}艘渔船受损，{w.person()}等人已经脱险。"
        paragraphs = [head, *w.paragraphs(w.chance.randint(150, 500))]
        title, more = w.headline(paragraphs), killed + w.chance.randint(1, 5)
        lines = [
            f"来源：{w.body()} 发布时间：{day} {hour}:20 浏览：{n * times}次"
            for day, hour, times in ((f"2024-05-0{n % 8 + 1}", 13, 37), (f"2023-11-1{n % 8 + 1}", "09", 91))
        ]
        changed = (
            ([head.replace(f"{killed}艘", f"{more}艘"), *paragraphs[1:]], title),
            (paragraphs, title.replace(title[-2:], w.pick(THINGS))),
            ([lines[0], *paragraphs], title),
            ([lines[1], *paragraphs], title),
        )
        for text, named in changed[2:] if n % 5 == 0 else ((paragraphs, title), *w.chance.sample(changed, 2)):
            yield w.case("corrections", f"k{n}", text, title=named)


def wrappers(w: Writer, count: int) -> Iterator[Case]:
    """An article, and the same in the frames of other sites, which have articles of their own."""
    sites = [(f"w{n}.example", w.paragraphs(80), w.paragraphs(w.chance.randint(150, 400))) for n in range(6)]
    for n in range(count):
        paragraphs = w.paragraphs(w.chance.randint(300, 700))
        title = w.headline(paragraphs)
        yield w.case("wrappers", f"w{n}", paragraphs, title=title)
        for site, head, tail in w.chance.sample(sites, 2):
            text = head + w.edited(paragraphs, 1) + tail
            yield w.case("wrappers", f"w{n}", text, title=title, site=site)


def backgrounds(w: Writer, count: int) -> Iterator[Case]:
    """Two articles with the same background in them, a third to a half of each."""
    for n in range(count):
        shared = w.paragraphs(w.chance.randint(200, 400))
        size = int(sum(map(len, shared)) * w.chance.uniform(1.0, 1.8))
        for side in range(2):
            own = w.paragraphs(size)
            at = w.chance.choice([0, len(own) // 2, len(own)]) if n % 2 else len(own)
            text = own[:at] + shared + own[at:]
            yield w.case("backgrounds", f"b{n}.{side}", text, title=w.headline(own))


def rewrites_inside(w: Writer, count: int) -> Iterator[Case]:
    """A rewritten article within a longer one."""
    for n in range(count):
        paragraphs = w.paragraphs(350)
        yield w.case("rewrites_inside", f"r{n}", paragraphs)
        long = w.paragraphs(300) + w.rewritten(paragraphs) + w.paragraphs(400)
        yield w.case("rewrites_inside", f"r{n}.long", long, holds=f"r{n}")


def excerpts(w: Writer, count: int) -> Iterator[Case]:
    """A part of an article; every fifth of one of 60,000 characters."""
    for n in range(count):
        paragraphs = w.paragraphs(60_000 if n % 5 == 0 else 900)
        yield w.case("excerpts", f"e{n}", paragraphs, holds=f"e{n}.part")
        at = w.chance.randrange(max(1, len(paragraphs) - 5))
        yield w.case("excerpts", f"e{n}.part", paragraphs[at : at + max(3, min(8, len(paragraphs) // 3))])


def schemas(w: Writer, count: int) -> Iterator[Case]:
    """Records of one schema with other values."""
    keys = [
        "identifier",
        "registered_name",
        "administrative_region",
        "last_inspection",
        "responsible_person",
        "remarks",
    ]
    for n in range(count):
        values = [
            w.chance.randint(1, 10**9),
            w.title(),
            w.pick(PLACES),
            f"2024-0{n % 9 + 1}-11",
            w.person(),
            w.paragraphs(10)[0],
        ]
        yield w.case(
            "schemas",
            f"s{n}",
            json.dumps(dict(zip(keys, values, strict=True)), ensure_ascii=False, indent=1),
            form="s",
        )


def links(w: Writer, count: int) -> Iterator[Case]:
    """Articles with the same code and long addresses, which say nothing."""
    code = [f"    result_{n} = compute_{n}(values[{n}], option_{n * 7 % 11}=True)" for n in range(12)]
    url = "https://files.example/" + "".join(f"%E{n % 10}%B{n % 7}%8{n % 9}" for n in range(60))
    for n in range(count):
        prose = w.paragraphs(220)
        text = [prose[0], "```", *code, "```", *prose[1:]] if n % 2 else [*prose[:1], url, *prose[1:]]
        yield w.case("links", f"u{n}", text)


def shorts(w: Writer, count: int) -> Iterator[Case]:
    """Two texts under 80 characters that are equal but for marks, spaces and script."""
    for n in range(count):
        text = w.paragraphs(10)[0][:60]
        yield w.case("shorts", f"t{n}", text)
        other = {0: text.replace("，", "，，"), 1: f"【{text}】".replace("，", " ")}.get(
            n % 3, f"●{text}★☆ ！"
        )
        yield w.case("shorts", f"t{n}", other)


def near_copies(w: Writer, count: int) -> Iterator[Case]:
    """One article in very many versions."""
    paragraphs = w.paragraphs(600)
    for _ in range(count * 8):
        yield w.case("near_copies", "n", w.edited(paragraphs, 3), title="")


def singles(w: Writer, count: int) -> Iterator[Case]:
    """Articles without any relation."""
    for n in range(count * 5):
        yield w.case("singles", f"x{n}", w.paragraphs(w.chance.randint(150, 900)), site=f"x{n % 30}.example")


GROUPS: tuple[Callable[[Writer, int], Iterator[Case]], ...] = (
    versions,
    frames,
    long_frame,
    legal_tails,
    halts,
    congresses,
    corrections,
    wrappers,
    backgrounds,
    rewrites_inside,
    excerpts,
    schemas,
    links,
    shorts,
    near_copies,
    singles,
)


def generate(
    seed: int, count: int, groups: Sequence[Callable[[Writer, int], Iterator[Case]]] = GROUPS
) -> list[Case]:
    """All groups, some `count` cases of each, in an order drawn from the seed."""
    writer = Writer(seed)
    cases = [case for group in groups for case in group(writer, count)]
    writer.chance.shuffle(cases)
    return cases
