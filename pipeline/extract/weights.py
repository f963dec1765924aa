"""How much each line of a page reads like an article, and so each element.

Length and marks of a line count for its element and, less, for the two around it: the idea of Readability
(mozilla/readability, Readability.js) with Chinese marks. On 124 article pages of 77 Chinese sites the lines of
the element chosen so had a bigram F of .981 on one half and .964 on the other, trafilatura 2.3.1 without
comments .893 and .890; who set the numbers had read both halves, so that ours are upper-side figures. Numbers
without another reason were set on these pages.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from pipeline.extract.cards import cards
from pipeline.extract.layout import Box, Layout, Line
from pipeline.extract.marks import kinds
from pipeline.extract.variants import either_script
from pipeline.extract.verses import is_commentary, with_verses

MIN_LINE = 8
"""Code points of the shortest line that weighs anything."""

SHORTEST_SENTENCE = 4
"""Code points of the shortest that weighs right below the title, where it may be all there is."""

LONG_LINE = 30
"""From this length a line weighs without a punctuation mark."""

LINE_CAP = 300
"""A line weighs no more than this many code points: one giant line is no article."""

MARK_WEIGHT = 12
"""Code points that a punctuation mark counts for."""

MARK_CAP = 25
"""Marks counted in one line: hidden keyword lists have a comma at every word."""

TO_PARENT = 0.6
TO_GRANDPARENT = 0.3
"""Share of a line's weight for the score of the elements around its own."""

JUNK_FACTOR = 0.15
"""Weight of lines under a comment, related, sidebar, … element at most four elements up."""

TEASER_FACTOR = 0.2
"""Weight of a line right below a linked title: the head of another article and its first words."""

TEASER_LIST = 3
"""Lines below linked titles that weigh TEASER_FACTOR each; more of them weigh together no more than so many: a list
of other articles beside one of a single sentence."""

HEADER = 4
"""Lines below the heading in which a link is the source or the author, and what is below it no teaser."""

ABOVE_FACTOR = 0.3
"""Weight of lines above the heading that shows the page's title."""

READ_ON = either_script(
    r"\W{0,3}(?:继续|点击|展开)?(?:阅读|查看|全文|更多|详细|详情|readmore|more){1,3}\W{0,3}", re.I
)
"""A link below a teaser, or at its end."""

CUT_OFF = ("…", "...", "[详细]", "[詳細]", "[全文]", "阅读全文", "查看详情", "[详情]", "[阅读全文]")
"""How a teaser ends."""

TEASERS = 2
"""Texts above such links from which they are of other articles; one is the button below a long article."""

SILENCE = 12
"""Lines without a sentence after which what follows is less likely of the article: menus, link lists."""

SILENCE_FACTOR = 0.5
SILENCE_FLOOR = 0.1
"""Each silence takes this factor of the weight below it, down to the floor."""

NOTICE_FACTOR = 0.2
"""Weight of terms of use, comment rules and imprints: on a page with a short body they are longer."""

NOTICE = either_script(
    r"留言(?:板|系统|列表|规则|服务)|评论仅|用户协议|本(?:协议|条款|服务)|隐私(?:政策|权)|服务条款|免责声明|版权所有|著作权法|智慧财产权|Copyright|"
    r"ICP备|侵权(?:必究|投诉)|仅供其表达|信息存储|违法和不良|不良信息|文明上网|请勿(?:重[复覆]|提供|以|转贴|张贴)|刊登与|不得上传|(?:主办|承办|主管)(?:单位)?\s?[:：]|"
    r"请不要刊登|禁止发表|发言涉及|删除留言|本网站之|法律顾问|许可证|分辨率|网站标识码|最佳浏览|(?:未经|不得|禁止).{0,10}(?:授权|许可|转载|镜像)|本(?:网站|站)所载|技术支持\s?[:：]|"
    r"(?:地址|开放时间|乘车路线|急救电话|预约电话|传真)\s?[:：]"
)
NOTICE_HEAD = 60
"""Code points of a line that are searched for it."""

COMMENTS_FACTOR = 0.3
"""Weight of what stands below a heading of reader comments, whatever its elements are called."""

POEM_LINE = 30
"""Code points of the longest line of a poem, below which a commentary is discounted as junk is: it is longer."""

HIDDEN_FACTOR = 0.05
"""Weight of display:none lines and of layers: they win only where nothing is visible."""

AGREEMENT = either_script(
    r"\W?[^。，？！]{0,16}(?:用户|服务|注册|隐私|会员|使用|保密|免责|评论|留言|跟帖|发帖|发言)[^。，？！]{0,6}"
    r"(?:协议|条款|政策|声明|须知|规则|规范|公约)\W?"
)
"""Heading of terms that an element of its own holds, which a script shows."""

_ENDS = "协议 協議 条款 條款 政策 声明 聲明 须知 須知 规则 規則 规范 規範 公约 公約"
AGREEMENT_ENDS = tuple(_ENDS.split())
AGREEMENT_HEADING = 24
AGREEMENT_LINES = 8
"""Lines of the shortest agreement."""

HIDDEN_LIST = 40
"""Hidden lines that weigh HIDDEN_FACTOR each; more of them weigh together no more than so many: a user agreement has
some hundred paragraphs, the article it hides behind may have one."""

OF_REPLIES = re.compile(r"(?<!re)comm|pinglun|repl|respon|gentie|liuyan|disqus|feedback|guest", re.I)
"""Parts of the names of what holds replies."""

LISTED = re.compile(r"list|comments|replies|\bul\b", re.I)
"""Parts of the names of what holds many of them; an opinion stands in one called `comment`."""

MISNAMED = 3
"""Lines of prose in an element called junk right below the title, which no share box has."""

MIN_MISNAMED = 60
"""Weight that an element called junk must have to be the article: a line with three marks."""

JUNK_REACH = 5
"""Elements looked at for junk: a line's own and the four around it."""

COMMENT_HEADING = 30
"""Code points of the longest heading of reader comments."""

COMMENTS = either_script(
    r"\W{0,3}(?:共有?\s?)?(?:\d{1,6}\s?(?:条|则|个)?\s?|(?:网友|最新|热门|最热|精彩|精选|全部|所有|读者|发表|我要|我来|用户|文章|查看)\s?)?"
    r"(?:评论|留言|跟帖|跟贴)(?:列表|区|板|\s?[（(]\d{1,6}[）)])?[\s\d()（）:：|条人参与则刷新网友评论跟帖贴留言个]*|"
    r"(?:更多|其他|其它|其余|另外|剩余)的?\s?(?:\d{1,6}\s?(?:条|个)?\s?)?(?:网友|用户|热心网友|律师|医生|专家|精彩|相关)?(?:的)?(?:回答|解答|答案|答复|回复)"
    r"[\s\d()（）:：|条个]*"
)
"""留言列表 (42), 0条评论|0人参与网友评论, 我要跟帖, 其他 3 个回答; one class at the end, so linear."""

SHORTEST_COMMENT_HEADING = 3
"""Code points; the bare word is a button."""

MARKS = re.compile(r"[，。！？；：、,.!?;]")
SENTENCE_MARKS = re.compile(r"[，。！？；、…]|(?<=[\u3400-\u9fff])[,!?;]")
"""Those of sentences, folded to ASCII too, where a character stands before them: not those of a day or a label."""

WORD = re.compile(r"[^\W\d_]")
JUNK_TAGS = frozenset({"nav", "footer", "aside", "form", "menu", "dialog"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """How much each line and each element reads like an article."""

    line: list[float]
    """Per line, after the discounts."""
    plain: list[float]
    """Per line, before them."""
    box: list[float]
    """Per box: the sum of its lines, all depths."""
    score: list[float]
    """Per box: what its own lines, its children and grandchildren pass up."""
    running: list[float]
    """Sums of `plain` up to and without each line."""
    heading: int | None
    """The line of the page's title, if a heading shows it."""

    def between(self, first: int, last: int) -> float:
        """Weight of the lines [first, last) before the discounts."""
        return self.running[last] - self.running[first]


def line_weight(line: Line) -> float:
    """Length and punctuation of a line that is not mostly link; 0 for what cannot be a sentence."""
    length = len(line.text)
    if length < MIN_LINE or line.linked * 2 > length:
        return 0.0
    marks = len(MARKS.findall(line.text[: LINE_CAP * 4]))
    if not marks and length < LONG_LINE:
        return 0.0
    return min(length, LINE_CAP) + MARK_WEIGHT * min(marks, MARK_CAP)


def is_linked_title(line: Line) -> bool:
    """Whether a line is one link as long as a title, with no word beside it: a time or a number may be."""
    if line.linked < MIN_LINE or MARKS.match(line.text[-1]):
        return False
    return is_linked(line) or not any(WORD.search(piece.text) for piece in line.pieces if not piece.href)


def is_linked(line: Line, least: int = MIN_LINE) -> bool:
    """Whether a line is one link, whatever it ends with: a title cut off in the middle has a mark there."""
    return line.linked >= least and line.linked * 10 >= 9 * len(line.text)


def _is_teaser(layout: Layout, index: int) -> bool:
    """Whether a line stands right below the linked title of another article."""
    above = layout.lines[index - 1]
    return is_linked_title(above) or (layout.lines[index].text.endswith(CUT_OFF) and is_linked(above))


def reads_on(layout: Layout, index: int) -> bool:
    """Whether a line ends with a link that reads on, or such a link is the line below."""
    last = layout.lines[index].pieces[-1]
    if last.href and len(last.text) < MIN_LINE and READ_ON.fullmatch(last.text.strip()):
        return True
    below = layout.lines[index + 1] if index + 1 < len(layout.lines) else None
    if below is None or not below.linked or len(below.text) > LONG_LINE:
        return False
    return READ_ON.fullmatch(below.text) is not None


def weigh(layout: Layout, heading: int | None = None) -> Weights:
    """Weights of all lines and boxes of a page. `heading` is the line of its title, if a heading shows it.

    An item is no step of the way up: paragraphs in items weigh for their list as items do.
    """
    boxes = layout.boxes
    plain = [line_weight(line) for line in layout.lines]
    for index in range(heading + 1, min(heading + 1 + HEADER, len(plain))) if heading is not None else ():
        line = layout.lines[index]
        if not line.linked and SHORTEST_SENTENCE <= len(line.text) < MIN_LINE and line.text[-1] in "。！？":
            plain[index] = len(line.text) + MARK_WEIGHT
    weights = _discounted(layout, with_verses(layout, plain, heading), heading)
    total = [0.0] * len(boxes)
    score = [0.0] * len(boxes)
    for line, weight in zip(layout.lines, weights, strict=True):
        at = line.box
        total[at] += weight
        for factor in (1.0, TO_PARENT, TO_GRANDPARENT):
            if at >= 0:
                score[at] += factor * weight
                at = boxes[at].parent
                while at >= 0 and boxes[at].tag == "li":
                    at = boxes[at].parent
    for index in range(len(boxes) - 1, 0, -1):
        total[boxes[index].parent] += total[index]
    running = [0.0, *accumulate(plain)]
    return Weights(line=weights, plain=plain, box=total, score=score, running=running, heading=heading)


def _discounted(layout: Layout, plain: list[float], heading: int | None) -> list[float]:
    """The weights of the lines, less what their place on the page takes from them."""
    hidden, junk = _inherited(layout, heading, _misnamed(layout, plain, heading))
    others = cards(layout, plain, heading)
    weights = list(plain)
    distance = 1.0
    read_below = False
    silent = longest = 0
    on = {i for i, weight in enumerate(plain) if weight and reads_on(layout, i)}
    below = {i for i, weight in enumerate(plain) if i and weight and _is_teaser(layout, i)}
    teaser = TEASER_FACTOR * min(1.0, TEASER_LIST / max(len(below), 1))
    unseen = sum(hidden[line.box] for line, weight in zip(layout.lines, plain, strict=True) if weight)
    veil = HIDDEN_FACTOR * min(1.0, HIDDEN_LIST / max(unseen, 1))
    for index, line in enumerate(layout.lines):
        weight = 0.0 if index in others else plain[index]
        if not weight:
            weights[index] = 0.0
            silent += 1
            is_short = SHORTEST_COMMENT_HEADING <= len(line.text) <= COMMENT_HEADING
            if read_below and is_short and COMMENTS.fullmatch(line.text):
                distance = min(distance, COMMENTS_FACTOR)
            elif 0 < longest <= POEM_LINE and is_commentary(line):
                distance = min(distance, JUNK_FACTOR)
            continue
        if silent > SILENCE and read_below:
            distance = max(distance * SILENCE_FACTOR, SILENCE_FLOOR)
        read_below = read_below or (heading is not None and index > heading)
        longest = max(longest, len(line.text)) if read_below else 0
        silent = 0
        is_header = heading is not None and heading < index <= heading + HEADER
        if (index in below and not is_header) or (index in on and len(on) >= TEASERS):
            weight *= teaser
        if heading is not None:
            weight *= ABOVE_FACTOR if index < heading else distance
        if NOTICE.search(line.text[:NOTICE_HEAD]) or (is_header and not is_prose(line)):
            weight *= NOTICE_FACTOR
        if hidden[line.box]:
            weight *= veil
        if junk[line.box]:
            weight *= JUNK_FACTOR
        weights[index] = weight
    return weights


def _misnamed(layout: Layout, plain: Sequence[float], heading: int | None) -> str | None:
    """The names of the elements that hold the article although they say junk: right below the title, with no sentence
    between, prose without links that weighs more than all below the title that is not called junk, or half as much in
    MISNAMED sentences.

    None called after a layer, and after replies only one of paragraphs: below a film, what readers write is all the
    prose there is.
    """
    if heading is None:
        return None
    held: dict[str, list[int]] = {}
    free: list[int] = []
    junk_until = 0
    named = {box.first: box for box in reversed(layout.boxes) if box.first > heading and _is_junk(box)}
    for index in range(heading + 1, len(plain)) if named else ():
        box = named.get(index)
        if box is not None and index >= junk_until:
            junk_until, names = box.last, box.names if _may_hold(layout, box, plain) else ""
        if not plain[index] or not is_prose(layout.lines[index]):
            continue
        if index >= junk_until:
            free.append(index)
        elif names:
            held.setdefault(names, []).append(index)
    for names, lines in held.items():
        above = (i for i in free if i < lines[0])
        if lines[0] > heading + 2 * HEADER or any(layout.lines[i].text[-1] in "。！？" for i in above):
            break
        others = sum(plain[i] for i in free if not NOTICE.search(layout.lines[i].text[:NOTICE_HEAD]))
        weight = sum(plain[i] for i in lines) * (2 if len(lines) >= MISNAMED else 1)
        if weight > max(others, MIN_MISNAMED):
            return names
    return None


def _is_junk(box: Box) -> bool:
    return box.tag in JUNK_TAGS or "junk" in kinds(box.names)


def _may_hold(layout: Layout, box: Box, plain: Sequence[float]) -> bool:
    """Whether an element called junk may hold an article for what it is: no layer, no replies, few links."""
    if box.hidden or box.tag in JUNK_TAGS or "layer" in kinds(box.names):
        return False
    if OF_REPLIES.search(box.names) and not _are_paragraphs(layout, box, plain):
        return False
    lines = layout.lines[box.first : box.last]
    return 4 * sum(line.linked for line in lines) <= sum(len(line.text) for line in lines)


def _are_paragraphs(layout: Layout, box: Box, plain: Sequence[float]) -> bool:
    """Whether an element holds nothing but paragraphs without a name: replies have elements, names and days each."""
    lines = range(box.first, box.last)
    return (
        not LISTED.search(box.names)
        and len(lines) >= MISNAMED
        and all(
            plain[i]
            and (layout.boxes[layout.lines[i].box] is box or not layout.boxes[layout.lines[i].box].names)
            for i in lines
        )
    )


def _inherited(layout: Layout, heading: int | None, misnamed: str | None) -> tuple[list[bool], list[bool]]:
    """Per box: whether it or an ancestor is hidden, and whether it or a near ancestor is junk.

    What holds the title is no junk, whatever it is called, nor are elements of the misnamed kind.
    """
    none = len(layout.boxes)  # one entry more: index -1, the parent of the first box
    hidden = [False] * (none + 1)
    distance = [JUNK_REACH] * (none + 1)
    terms = _agreements(layout, heading)
    for index, box in enumerate(layout.boxes):
        holds_title = heading is not None and box.first <= heading < box.last
        said = kinds(box.names)
        is_terms = bool(terms) and box.first in terms and box.last - box.first >= AGREEMENT_LINES
        is_layer = is_terms or ("layer" in said and not holds_title)
        hidden[index] = box.hidden or is_layer or hidden[box.parent]
        is_junk = is_terms or (_is_junk(box) and (not misnamed or box.names != misnamed))
        distance[index] = 0 if is_junk and not holds_title else distance[box.parent] + 1
    return hidden, [steps < JUNK_REACH for steps in distance]


def _agreements(layout: Layout, heading: int | None) -> set[int]:
    """The lines below the title of the page that are the heading of an agreement."""
    if heading is None:
        return set()
    short = ((i, line) for i, line in enumerate(layout.lines) if len(line.text) <= AGREEMENT_HEADING)
    return {
        i
        for i, line in short
        if line.text.rstrip("》」】 ").endswith(AGREEMENT_ENDS)
        and i > heading
        and not line.linked
        and AGREEMENT.fullmatch(line.text)
    }


def is_prose(line: Line) -> bool:
    """Whether a line that weighs has a mark that sentences have, or weighs without one, as a verse does."""
    return SENTENCE_MARKS.search(line.text) is not None or not MARKS.search(line.text)
