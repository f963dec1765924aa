"""What a page is that shows no article: a check of visitors, a deletion notice, a log-in, pictures, a list, goods.

Asked only where hardly a sentence was read besides: an article about a deleted post is an article.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache

from selectolax.lexbor import LexborHTMLParser

from pipeline.extract.declaredtitle import letters
from pipeline.extract.goods import is_for_sale
from pipeline.extract.layout import Layout, Line
from pipeline.extract.variants import either_script
from pipeline.extract.weights import (
    MIN_LINE,
    NOTICE,
    NOTICE_HEAD,
    Weights,
    is_linked,
    is_linked_title,
    reads_on,
)
from pipeline.records import Reason
from pipeline.rules import table
from pipeline.rules.han import IDEOGRAPHS

NOTICE_LINE = 60
"""Code points of the longest line that is a notice."""

NOTICE_LINES = 100
"""Lines that were read, from which on they are text, whatever one of them says."""

SHORTEST_NOTICE = 4
"""Letters of the shortest: a label of a form has fewer."""

KINDS = (Reason.VERIFY, Reason.LOGIN, Reason.DELETED)
"""What a notice may say, in the order of asking."""

UNSAID = 0.15
"""Share of the Han characters of a notice that no word of the table covers."""

UNSAID_ALONE = 0.45
"""The same of a line that stands alone on a page without a title of its own: no brief does."""

ALONE = 3
"""Lines that were read on such a page."""

QUOTED = re.compile("[“「『《][^“”「」『』《》]{1,20}[”」』》]")
"""What was looked for: 没有找到与“城墙”相关的内容."""

AGREES = either_script(
    r"(?:登录|登入|注册|继续)(?:即|表示|代表|视为|默认|同时){1,3}[您你]?已?(?:阅读)?并?同意"
)
"""What stands below a form for a log-in: 注册即代表同意《用户协议》."""

SEARCHED = either_script(
    r"(?:找到|搜[索到寻]{1,2}|检索到|查到|共有?|约)\D{0,8}\d[\d,]{0,12}\s?(?:条|个|篇|项|笔|则)[^。，]{0,8}结果|找到相关结果(?:约|共)?\s?\d|搜[索寻寻]结果|检索结果"
)
"""What stands above the results of a search, which lead to many sites."""

HAN = re.compile(f"[{IDEOGRAPHS}]")
DIGITS = re.compile(r"[0-9]+")

SENTENCES = 60
"""Weight (weights.py) of what was read besides from which the page has an article; the shortest of 124 real bodies
has 71 letters and three marks, which weigh 107."""

OF_WHOM = 160
"""The same up to which it may be what a list, by the page's title, says of its author or subject."""

CAPTIONS = 60
"""Code points of all that was read on a page of pictures: short lines may be a poem."""

PICTURES = 8
"""Images from which a page without text is one of pictures; a menu has some too."""

TEASERS = 4
"""Linked titles with a text below from which a page is a list."""

LISTED = 0.8
"""Share of the weight of all that was read that teasers have on a list."""

LINKED_TITLES = 10
"""Linked titles from which a page without text is a list; related articles are fewer."""

LINKS = 20
"""Links of any length from which it is one: a map of the site, a list of sites."""

BESIDE = 20
"""Code points beside such a title: the day, how often it was read, what was said to it."""

LINK_SHARE = 0.6
"""Share of the page's letters that its links have on a list without text."""

FIGURES = 6
"""Lines from which a page is told by the share of those without a Han character: quotes, scores, forecasts."""

FIGURE_SHARE = 1 / 3
"""That share, on a page without a sentence."""

STORES = 2
"""Shops of apps that the buttons of a page without a sentence name; an article may end with one."""

STORE = either_script(
    r"\W{0,3}(?:App\s?Store|Google\s?Play|(?:安卓|Android|iPhone|iPad|iOS|苹果|鸿蒙|HarmonyOS|Windows|macOS|APK)[^。，]{0,8}"
    r"|(?:应用宝|应用市场|应用商店|豌豆荚)[^。，]{0,4})\s?(?:下载|安装)?\W{0,3}",
    re.I,
)
CONTACT = either_script(
    r"\W{0,3}[^\s:：]{0,6}(?:地址|电话|手机|传真|邮编|邮政编码|邮箱|信箱|e-?mail|联系人|微信|QQ|热线|网址)[^\s:：]{0,4}\s?[:：]",
    re.I,
)
LABEL = re.compile(r"(?:^|\s)[^\s:：，。]{1,6}[:：]\s?(?=\S)")
LABELS = 3
"""Labels from which a line is a card of a film, a book, a program: 导演：… 主演：… 年份：…"""

ENDED = re.compile(r"[。！？!?…；;”」』]\W{0,2}$")
"""How a line of an article ends; a slogan does not."""

OF_LIST = either_script(
    r"\W{0,2}(?:标签|分类|栏目|作者|归档|存档|话题|搜索|tag|category|archives?)\s?[:：]|"
    r"[^-_|｜—·–]{1,30}的(?:全部|所有|最新|个人)?(?:文章|专栏|作品|主页|帖子|博客|动态|投稿|空间)(?:列表)?\s?(?:[-_|｜—·–(（]|$)|"
    r"[^-_|｜—·–]{0,30}(?:搜索结果|文章列表|新闻列表|归档|存档)\s?(?:[-_|｜—·–(（]|$)",
    re.I,
)
"""How the title of a list of articles reads: 标签：木船, 林渡的文章, 2024年5月归档."""

OF_PERSON = either_script(r"[^-_|｜—·–]{1,30}的(?:个人)?(?:主页|空间)\s?(?:[-_|｜—·–(（]|$)")

REACH = 3
"""Lines above a teaser among which its title is: author and day may stand between."""

MOST_BUTTON = 16
"""Code points of the longest button."""

SITES = 2
"""Sites that the titles of a list lead to."""

PLAYER = (
    "video, audio, iframe[src*=player], iframe[src*='/embed/'], iframe[src*=video], [class*=video-player], object, "
    "embed"
)


def no_article(
    tree: LexborHTMLParser,
    layout: Layout,
    weights: Weights,
    kept: Iterable[int] = (),
    heading: int | None = None,
) -> Reason | None:
    """Why the page has no article, or None where the lines `kept` may be one or nothing is known.

    `heading` is the line of the title, if a heading shows it: a sentence below it is an article, however short.
    """
    read = list(kept)
    if is_for_sale(tree, layout, read, heading):
        return Reason.GOODS
    unsaid = UNSAID_ALONE if heading is None and len(read) <= ALONE else UNSAID
    rest = _sentences(layout, read, unsaid)
    told = [i for i in rest if not _agrees(layout.lines[i])]
    if told and all(CONTACT.match(layout.lines[i].text) for i in told):
        return Reason.NO_BODY
    weight = sum(weights.line[i] for i in told)
    if weight < OF_WHOM and _is_titled_as_list(tree, layout):
        return Reason.LIST_PAGE
    if weight >= SENTENCES:
        return Reason.LIST_PAGE if _are_teasers(layout, weights, told, heading) else None
    why = next(_shown(layout, read, unsaid), None)
    return why or _untold(tree, layout, weights, told, heading, agrees=len(told) < len(rest))


def _sentences(layout: Layout, read: list[int], unsaid: float) -> list[int]:
    """Those of the lines that were read which may be of an article: no notices, and what is of none beside them."""
    if len(read) > NOTICE_LINES:
        return read
    notices = {i for i in read if _notice(layout.lines[i], unsaid)}
    rest = [i for i in read if i not in notices and not _is_card(layout.lines[i])]
    texts = {i: layout.lines[i].text for i in rest}
    if notices:  # beside a notice a line of numbers, the visitor's address, is no sentence
        rest = [i for i in rest if 3 * len(HAN.findall(texts[i])) >= len(texts[i])]
    foreign = [i for i in rest if HAN.search(texts[i]) is None]
    if foreign and _is_search(layout):  # nor is the address of a result
        return [i for i in rest if i not in foreign]
    return rest


def _shown(layout: Layout, read: list[int], unsaid: float) -> Iterator[Reason]:
    """What the notices of a page say, in its order; of lines beside those that were read more must be known."""
    here = set(read)
    for index, line in enumerate(layout.lines):
        why = _notice(line, unsaid if index in here or not read else UNSAID)
        if why and (index in here or not _is_hidden(layout, index)):
            yield why


def _untold(
    tree: LexborHTMLParser,
    layout: Layout,
    weights: Weights,
    rest: list[int],
    heading: int | None,
    *,
    agrees: bool,
) -> Reason | None:
    """What a page is on which hardly a sentence was read; `agrees`: a line speaks of those who log in."""
    teasers = _teasers(layout, weights, range(len(layout.lines)), heading)
    told = [i for i in rest if weights.plain[i] and not _is_imprint(layout, i)]
    is_brief = heading is not None and any(i > heading and i not in teasers for i in told)
    is_list = len(teasers) >= TEASERS or (not told and _cards(layout) >= TEASERS)
    if agrees and not told:
        return Reason.LOGIN
    if is_list and not is_brief:
        return Reason.LIST_PAGE
    is_ended = any(ENDED.search(layout.lines[i].text) for i in rest)
    if not is_ended and (_is_figures(layout, rest) or _offers_app(layout)):
        return Reason.NO_BODY
    found = _pictures(tree, layout, rest) or (None if told else _links_only(layout, rest))
    if found is None and not told and tree.css_first("input[type=password]") is not None:
        return Reason.LOGIN
    return found


def _is_card(line: Line) -> bool:
    """Whether a line is a row of links, or of labels and what they say, and no sentence."""
    if ENDED.search(line.text) or "，" in line.text:
        return False
    return (
        sum(bool(piece.href) for piece in line.pieces) >= LINKED_TITLES
        or len(LABEL.findall(line.text)) >= LABELS
    )


def _is_figures(layout: Layout, lines: list[int]) -> bool:
    """Whether what was read is a table of figures."""
    bare = sum(HAN.search(layout.lines[i].text) is None for i in lines)
    return len(lines) >= FIGURES and bare >= FIGURE_SHARE * len(lines)


def _offers_app(layout: Layout) -> bool:
    """Whether the buttons of a page name the shops that have an app."""
    pieces = (piece.text.strip() for line in layout.lines for piece in line.pieces if piece.href)
    return len({said for said in pieces if len(said) <= MOST_BUTTON and STORE.fullmatch(said)}) >= STORES


def _is_titled_as_list(tree: LexborHTMLParser, layout: Layout) -> bool:
    """Whether the page's title is that of somebody's page, or that of a list and the page has several linked titles."""
    title = tree.css_first("title")
    said = (title.text() or "").strip()[:NOTICE_LINE] if title is not None else ""
    if OF_LIST.match(said) is None:
        return False
    if OF_PERSON.match(said):
        return True
    return sum(is_linked_title(line) and _site(line) is not None for line in layout.lines) >= TEASERS


def _are_teasers(layout: Layout, weights: Weights, rest: list[int], heading: int | None) -> bool:
    """Whether what was read, or where that is one of several all that is told on the page, is of other articles."""
    teasers = _teasers(layout, weights, rest, heading)
    if 0 < len(teasers) < TEASERS and heading is not None and not layout.lines[heading].linked:
        rest = [i for i, plain in enumerate(weights.plain) if plain and not _is_imprint(layout, i)]
        teasers = _teasers(layout, weights, rest, heading)
    is_list = sum(weights.plain[i] for i in teasers) >= LISTED * sum(weights.plain[i] for i in rest)
    return len(teasers) >= TEASERS and is_list


def _notice(line: Line, most: float = UNSAID) -> Reason | None:
    """The kind of page that a line speaks of: the first kind it has words of, if no more than a share is unknown."""
    if len(line.text) > NOTICE_LINE or 2 * line.linked > len(line.text) or _agrees(line):
        return None
    bare = letters(QUOTED.sub("", line.text)).lower()
    words = _words()
    said = (kind for kind in KINDS if words[kind].search(bare))
    kind = next((kind for kind in said if kind != Reason.LOGIN or words["seen"].search(bare)), None)
    if kind is None or len(bare) < SHORTEST_NOTICE:
        return None
    unsaid = HAN.findall(words[""].sub("", bare))
    return kind if len(unsaid) <= most * len(HAN.findall(bare)) else None


def _agrees(line: Line) -> bool:
    return "同意" in line.text and AGREES.search(line.text[:NOTICE_LINE]) is not None


def _site(line: Line) -> str | None:
    """The host that a linked line leads to, "" for the page's own; None where it leads to a place on this page."""
    href = next(piece.href for piece in line.pieces if piece.href)
    if href.startswith("#"):
        return None
    return href.split("/", 3)[2] if href.startswith(("http://", "https://", "//")) else ""


def _is_hidden(layout: Layout, line: int) -> bool:
    return any(layout.boxes[box].hidden for box in layout.up(layout.lines[line].box))


def _pictures(tree: LexborHTMLParser, layout: Layout, read: list[int]) -> Reason | None:
    """Pictures or a film, and hardly a word."""
    if sum(len(layout.lines[i].text) for i in read) >= CAPTIONS:
        return None
    shows = len(tree.css("img")) - _cards(layout) - _titled(tree, layout)
    return Reason.GALLERY if shows >= PICTURES or tree.css_first(PLAYER) is not None else None


def _is_imprint(layout: Layout, line: int) -> bool:
    return NOTICE.search(layout.lines[line].text[:NOTICE_HEAD]) is not None


def _cards(layout: Layout) -> int:
    """How many links hold a title and a text below it: cards of other articles."""
    lines = (line for line in layout.lines if is_linked(line) and _site(line) is not None)
    held = Counter(next(piece.href for piece in line.pieces if piece.href) for line in lines)
    return sum(count > 1 for count in held.values())


def _titled(tree: LexborHTMLParser, layout: Layout) -> int:
    """How many pictures are links to where a linked title leads: of other articles."""
    pieces = (piece for line in layout.lines if line.linked for piece in line.pieces)
    titles = {piece.href for piece in pieces if piece.href and len(piece.text.strip()) >= MIN_LINE}
    return sum(
        (node.parent.attributes.get("href") or "") in titles for node in tree.css("a > img") if node.parent
    )


def _links_only(layout: Layout, read: list[int]) -> Reason | None:
    """Links and hardly a word beside them; what was read is the imprint."""
    titles = sum(
        (is_linked_title(line) or MIN_LINE <= line.linked >= len(line.text) - BESIDE)
        and _site(line) is not None
        for line in layout.lines
    )
    targets = {
        piece.href for line in layout.lines for piece in line.pieces if piece.href[:1] not in ("", "#")
    }
    here = set(read)
    pieces = [piece for i, line in enumerate(layout.lines) if i not in here for piece in line.pieces]
    linked = sum(len(letters(piece.text)) for piece in pieces if piece.href)
    length = sum(len(DIGITS.sub("", letters(piece.text))) for piece in pieces)
    is_list = (titles >= LINKED_TITLES or len(targets) >= LINKS) and linked >= LINK_SHARE * length
    return Reason.LIST_PAGE if is_list else None


def _teasers(layout: Layout, weights: Weights, lines: Iterable[int], heading: int | None) -> list[int]:
    """Those of the lines that read like a sentence and stand below the linked title of another page of the site, or
    above a link that reads on.

    Titles that lead to many sites are of an article about them, those above the page's own title of no line below it.
    """
    found: list[int] = []
    reached: set[str] = set()
    for i in (i for i in lines if weights.plain[i]):
        top = heading if heading is not None and heading < i else 0
        shown = layout.lines[max(0, i - REACH, top) : i]
        titles = [site for line in shown if is_linked_title(line) and (site := _site(line)) is not None]
        if titles or reads_on(layout, i):
            found.append(i)
            reached.update(titles[-1:])
    return found if len(reached) <= SITES or _is_search(layout) else []


def _is_search(layout: Layout) -> bool:
    texts = (line.text for line in layout.lines if len(line.text) <= NOTICE_LINE)
    return any(("结果" in text or "結果" in text) and SEARCHED.search(text) for text in texts)


@cache
def _words() -> dict[str, re.Pattern[str]]:
    """The words of each kind of line of the table as one pattern, the longest first; under "" all of them."""
    words = [(kind, word) for kind, words, _ in table("notices") for word in words.split()]
    words.sort(key=lambda pair: (-len(pair[1]), pair))
    kinds = sorted({kind for kind, _ in words})
    return {
        kind: either_script("|".join(word for of, word in words if of == kind or not kind))
        for kind in ["", *kinds]
    }
