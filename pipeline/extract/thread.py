"""A page of posts: which lines are of the first one, the article, and which of replies, pushes and user boxes.

Posts are told by what all boards print, not by whose board it is: elements of one name side by side, each with
somebody's name or a floor (2楼, #2) and a time. The rest of the page is read as any other.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from pipeline.extract.bulletin import bulletin
from pipeline.extract.layout import Box, Layout, Line, with_lines
from pipeline.extract.marks import words_of
from pipeline.extract.variants import either_script
from pipeline.extract.weights import MIN_LINE, is_linked_title, line_weight

PIECE = 60
"""Code points of the longest run of text searched for a time or a floor: a sentence may hold one too."""

USER_LONGEST = 30
"""Code points of a user's name."""

MOST_NAMES = 8
"""Names of an element that may be those of a post."""

POSTS = 0.6
"""Share of the elements of one name that must be posts: some are advertisements."""

FEWEST = 0.2
"""The same where other elements of that name, of buttons and of nothing, stand between."""

ABOVE = 80
"""Weight (weights.py) of text between title and first frame from which it is the article, the frames replies."""

PROSE = re.compile("[。！？!?…；;]")
"""What a line of such text holds; a head line of name, time and counts has none of these."""

LARGEST = 0.5
"""Share of the page's weight that is never taken for a reply on the sign of names and times alone."""

WHEN = either_script(
    r"(?<!\d)(?:19|20)\d\d\s?[-./年]\s?\d{1,2}\s?[-./月]\s?\d{1,2}|(?<!\d)\d{1,2}[-/月.]\d{1,2}日?\s\d{1,2}:\d\d|"
    r"(?<!\d)\d{1,3}\s?(?:秒|分钟|小时|天|周|个?月|年)(?:之)?前|(?:昨天|前天|今天)\s?\d{1,2}:\d\d|"
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\s{1,2}\d{1,2},?\s(?:\d\d:\d\d:\d\d\s)?(?:19|20)\d\d|"
    r"[一二三四五六七八九十]{1,3}月\s\d{1,2},?\s(?:19|20)\d\d"
)
FLOOR = either_script(
    r"(?:^|[\s|·(（])(?:#\s?\d{1,5}|第?\s?\d{1,5}\s?(?:楼|层)|\d{1,5}\s?#|楼主|沙发|板凳|地板)(?=$|[\s|·)）:：])"
)
DIGIT = re.compile(r"\d")
"""What every form of WHEN holds."""

SIGN = either_script(r"\d|楼主|沙发|板凳|地板")
"""What every form of FLOOR holds: a line without it is not asked."""

USER_NAMES = frozenset(
    [
        "user",
        "username",
        "userid",
        "nick",
        "nickname",
        "author",
        "poster",
        "member",
        "uid",
        "name",
        "writer",
        "from",
        "sender",
        "floorer",
        "replier",
        "authi",
        "louzhu",
    ]
)
"""Words of class and id names of what holds a user's name."""

SPOKE = either_script(
    r"\s?[于在]?\s?[\d年月日时分秒:./ -]{6,24}\s?(?:留言|发表|发布|发言|回复|评论|说道?|写道)(?:了|道)?\s?[:：]?"
)
"""What stands behind a name: 于 2024-05-01 10:00 留言："""

SIGNED = either_script(
    r"(?:留言[者人]|张贴[者人]|发帖[者人]|回复[者人]|发言[者人]|楼主|层主)\s?[:：]\s?(\S.{0,29})"
)
"""Such a label and the name in one; an article of a digest has its 作者：… too."""

USER_LABEL = either_script(r"(?:作者|楼主|层主|网友|用户|昵称|发帖人|发表者|回复者|发言人)\s?[:：]")
"""A whole run of text before a user's name."""

USER_LINK = re.compile(
    r"(?<![^/?&.=;])(?:users?|members?|u|uid|space|people|home|profile|authors?|account)(?![^/=\-.?;&])|"
    r"space-uid|username=|/@"
)
"""In an address in lower case."""

POST_NAMES = frozenset(
    [
        "post",
        "posts",
        "reply",
        "replies",
        "comment",
        "comments",
        "floor",
        "push",
        "topic",
        "thread",
        "message",
        "msg",
        "answer",
        "followup",
        "respond",
    ]
)
"""Words of the names of a post; elements of other names need two users or two floors."""

ITEMS = frozenset({"li", "article"})
"""Elements that stand beside their like whatever else they are called: the first post often has a name of its own."""

REPLY_NAMES = frozenset(["reply", "replies", "comment", "comments", "answer", "floor", "followup"])
"""Those that name nothing but a reply: an element with one inside is a post though nobody's name is seen in it."""

USER_BOX = either_script(
    r"(?:注册(?:时间|日期|于)?|积分|帖子|主题|精华|威望|金钱|金币|在线时间|最后登录|阅读权限|贡献|好友|听众|收听|经验值?|发帖数?|"
    r"UID|等级|用户组|头衔|级别|声望|魅力|性别|文章数|人气|勋章|状态)"
    r"\s?(?:[:：]\s?.{0,12}|[\d\-/: ,]{1,20})?(?:点|枚|小时|个|篇)?"
)
USER_BOX_LINE = 24
FURNITURE = either_script(
    r"(?:只看(?:该作者|楼主|大图|Ta|TA)|倒序(?:浏览|看帖)|正序浏览|使用道具|电梯直达|显示全部楼层|发(?:短)?消息|加(?:为)?好友|串个门|打招呼|"
    r"收听TA|当前离线|个人(?:空间|主页)|评分|引用|回复|举报|编辑|顶|踩|支持|反对|TOP|点评|收藏|分享|楼主|跳转到?|"
    r"返回列表|发新帖|发表回复|上一主题|下一主题|本帖最后由)(?:[\s|\d()（）]{0,12})"
)
EDITED = either_script(
    r"(?:本帖|此帖|帖子|该帖|本文)?\s?(?:最后|最近|已)?(?:由|被)\s?\S{1,30}\s.{0,40}(?:编辑|修改|更新)"
)
QUOTED = either_script(
    r"^(?:(?:引用\s?[:：]?|.{1,30}(?:发表于|写道|wrote|说过?)\s?.{0,30}[:：]?)$|.{1,30}(?:发表于|写道|wrote)\s?[^:：]{0,30}[:：])"
)
ANSWER = either_script(r"^(?:RE|Re|re|回[复覆应]|答[复覆]?)\s?[:：]\s?")
"""What a board puts before the title of a thread in the head of a reply."""

SIGNATURE = re.compile("_{5,}")
"""The line above a signature, as vBulletin and phpBB set it."""

SIGNATURE_LINES = 12
"""Lines of the longest signature."""


@dataclass(frozen=True, slots=True)
class _Signs:
    """What the lines of a page say of posts: running sums, so that an element is asked in constant time.

    Who and floor are those of the lines in elements that can be posts.
    """

    when: Sequence[int]
    who: list[int]
    floor: list[int]
    reply: list[int]
    boxes: list[int]
    users: list[str]
    """Per line, '' where none is named."""
    titles: list[str]
    """Per line its text where it is a linked title, else ''."""

    @property
    def said(self) -> tuple[list[int], ...]:
        """The signs of which a post has one: a user, a floor, an element named as a reply, what boards say of users."""
        return self.who, self.floor, self.reply, self.boxes


_Group = tuple[str, list[int]]
"""A name and the elements side by side that have it, in page order."""


def first_post(layout: Layout, heading: int | None = None) -> Layout:
    """The page without the lines of further posts and without user boxes; the same object if it is no thread.

    `heading` is the line of the title, if a heading shows it.
    """
    dropped = _replies(layout, heading)
    if dropped:
        dropped |= _furniture(layout, dropped)
    dropped |= bulletin(layout.lines, dropped)
    return _without(layout, dropped) if dropped else layout


def _without(layout: Layout, dropped: set[int]) -> Layout:
    left = [0, *accumulate(index not in dropped for index in range(len(layout.lines)))]
    return with_lines(layout, [line for i, line in enumerate(layout.lines) if i not in dropped], left)


def _replies(layout: Layout, heading: int | None) -> set[int]:
    """The lines of posts that are not the first."""
    when = _times(layout)
    dated = _dated(layout, when)
    if not dated:  # what a page shows to those without scripts has often no times
        when = _named_heads(layout)
        dated = _dated(layout, when) if when[-1] else []
    if not dated:
        return set()
    signs = _read_signs(layout, when, dated)
    weights = [line_weight(line) for line in layout.lines]
    weight = [0.0, *accumulate(weights)]
    prose = [
        0.0,
        *accumulate(
            w if w and PROSE.search(x.text) else 0.0 for w, x in zip(weights, layout.lines, strict=True)
        ),
    ]
    start = heading + 1 if heading is not None else 0
    dropped: set[int] = set()
    for frames, named, replies in _frames(layout, signs, dated):
        top = layout.boxes[frames[0]].first
        above = prose[top] - prose[start] if start <= top else 0.0
        first = next(
            (f for f in frames if start and layout.boxes[f].first < start <= layout.boxes[f].last), frames[0]
        )
        goes = above >= (1 if replies and heading is not None else ABOVE)
        for frame, (a, b) in zip(frames, _spans(layout, frames, prose), strict=True):
            if (frame != first or goes) and (named or weight[b] - weight[a] <= LARGEST * weight[-1]):
                dropped.update(range(a, b))
    return dropped


def _spans(layout: Layout, frames: list[int], prose: list[float]) -> list[tuple[int, int]]:
    """The lines of each frame. Of frames without prose, heads of posts, what stands below them up to the next."""
    own = [(layout.boxes[f].first, layout.boxes[f].last) for f in frames]
    (_, last), parent = own[-1], layout.boxes[frames[-1]].parent
    loose = last
    while loose < layout.boxes[parent].last and layout.lines[loose].box == parent:
        loose += 1
    if any(prose[b] > prose[a] for a, b in own):
        return own
    below = (
        box.last
        for box in layout.boxes[frames[-1] :]
        if box.parent == parent and box.first == last < box.last
    )
    ends = [*(a for a, _ in own[1:]), next(below, loose)]
    return [(a, b) for (a, _), b in zip(own, ends, strict=True)]


def _frames(layout: Layout, signs: _Signs, dated: Sequence[_Group]) -> Iterator[tuple[list[int], bool, bool]]:
    """Elements side by side that are posts, in page order; whether names or floors say so; whether they are replies."""
    for name, members in dated:
        posts = _posts(layout, signs, members)
        if not _enough(layout, posts, members):
            continue
        spans = [(layout.boxes[p].first, layout.boxes[p].last) for p in posts]
        if len({next((t for t in signs.titles[a:b] if t), "") for a, b in spans} - {""}) > POSTS * len(posts):
            continue  # each with a title of its own: a list of articles
        users = {next((u for u in signs.users[a:b] if u), "") for a, b in spans} - {""}
        floors = sum(signs.floor[b] > signs.floor[a] for a, b in spans)
        words = words_of(name.partition(":")[2])
        replies = sum(signs.reply[b] > signs.reply[a] for a, b in spans) * 2 > len(posts)
        named = bool(words & POST_NAMES) or replies or floors * 2 > len(posts)
        if named or len(users) >= 2:
            yield [m for m in members if m >= posts[0]], named, replies  # above: names of columns


@lru_cache(maxsize=20_000)
def _names(tag: str, names: str) -> Sequence[str]:
    """The names under which an element may stand beside its like: digits are the number of a post."""
    found = {f"{tag}:{re.sub('[0-9]+', '', name)}" for name in names.split()[:MOST_NAMES]}
    if tag in ITEMS:
        found.add(f"{tag}:")
    return sorted(found) or [f"{tag}:"]


def _posts(layout: Layout, signs: _Signs, members: Sequence[int]) -> list[int]:
    """Those of the elements that have a time and one sign of a post, the sign that most have: in the cells of a
    single post one has the name and another the floor."""
    spans = {m: (layout.boxes[m].first, layout.boxes[m].last) for m in members}
    dated = [m for m, (a, b) in spans.items() if signs.when[b] > signs.when[a]]
    found = ([m for m in dated if sign[spans[m][1]] > sign[spans[m][0]]] for sign in signs.said)
    return max(found, key=len)


def _times(layout: Layout) -> list[int]:
    """How many lines up to and without each have a time."""
    found = (
        index in layout.times
        or (DIGIT.search(line.text) is not None and any(map(_is_time, (p.text.strip() for p in line.pieces))))
        for index, line in enumerate(layout.lines)
    )
    return [0, *accumulate(found)]


def _named_heads(layout: Layout) -> list[int]:
    """How many lines up to and without each are nothing but somebody's name, the first of a post."""
    posts = {
        box.first for box in layout.boxes if box.names and not POST_NAMES.isdisjoint(words_of(box.names))
    }
    heads = [i for i in posts if i < len(layout.lines) and len(layout.lines[i].text) <= USER_LONGEST]
    if len(heads) < 2:
        return [0]
    holds = _user_boxes(layout)
    named = {i for i in heads if any(p.box >= 0 and holds[p.box] for p in layout.lines[i].pieces)}
    return [0, *accumulate(index in named for index in range(len(layout.lines)))]


def _is_time(said: str) -> bool:
    return len(said) <= PIECE and DIGIT.search(said) is not None and WHEN.search(said) is not None


def _read_signs(layout: Layout, when: Sequence[int], dated: Sequence[_Group]) -> _Signs:
    """User and floor of the lines in some elements, as running sums."""
    holds = _user_boxes(layout)
    asked = [False] * len(layout.lines)
    for box in (layout.boxes[index] for _, members in dated for index in members):
        asked[box.first : box.last] = [True] * (box.last - box.first)
    who, floor, users = [0], [0], []
    for index, line in enumerate(layout.lines):
        user, placed = _said(line, holds) if asked[index] else ("", False)
        who.append(who[-1] + bool(user))
        floor.append(floor[-1] + placed)
        users.append(user)
    named = (box for box in layout.boxes if box.names)
    starts = {box.first for box in named if not REPLY_NAMES.isdisjoint(words_of(box.names))}
    reply = [0, *accumulate(index in starts for index in range(len(layout.lines)))]
    titles = [
        ANSWER.sub("", line.text) if here and is_linked_title(line) and _is_title(line) else ""
        for here, line in zip(asked, layout.lines, strict=True)
    ]
    told = (len(x.text) <= USER_BOX_LINE and USER_BOX.fullmatch(x.text) is not None for x in layout.lines)
    return _Signs(when, who, floor, reply, [0, *accumulate(told)], users, titles)


def _is_title(line: Line) -> bool:
    """Whether a piece of a linked line is a title: buttons side by side are links too, and the time of a post."""
    if len(line.text) <= USER_LONGEST and _is_time(line.text):
        return False
    return any(piece.href and len(piece.text.strip()) >= MIN_LINE for piece in line.pieces)


def _dated(layout: Layout, when: Sequence[int]) -> list[_Group]:
    """The elements of one name side by side of which enough have a time: posts, but also lists of dated titles."""
    timed = {index for index, box in enumerate(layout.boxes) if when[box.last] > when[box.first]}
    beside = Counter(layout.boxes[index].parent for index in timed)
    groups: dict[tuple[int, str], list[int]] = defaultdict(list)
    for index, box in enumerate(layout.boxes):
        if beside[box.parent] > 1 and box.first < box.last:
            for name in _names(box.tag, box.names):
                groups[box.parent, name].append(index)
    return [
        (name, members)
        for (_, name), members in groups.items()
        if _enough(layout, timed.intersection(members), members)
    ]


def _enough(layout: Layout, posts: Collection[int], members: Sequence[int]) -> bool:
    """Whether enough of the elements are posts; where they are not, those without a sentence are not counted: rows of
    buttons and of nothing stand between the rows of old boards."""
    if len(posts) < max(2, FEWEST * len(members)) or len(posts) >= POSTS * len(members):
        return len(posts) >= max(2, POSTS * len(members))
    told = (m for m in members if m not in posts and _says(layout, layout.boxes[m]))
    return len(posts) >= POSTS * (len(posts) + sum(1 for _ in told))


def _says(layout: Layout, box: Box) -> bool:
    return any(map(line_weight, layout.lines[box.first : box.last]))


def _said(line: Line, holds: list[bool]) -> tuple[str, bool]:
    """(user, whether there is a floor) of a line."""
    signed = SIGN.search(line.text) is not None
    user, placed, labelled, above = "", False, False, ""
    for piece in line.pieces:
        said = piece.text.strip()
        if not said:
            continue
        placed = placed or (signed and len(said) <= PIECE and FLOOR.search(said) is not None)
        if not user and (named := SIGNED.fullmatch(said[:PIECE])):
            user, placed = named[1], True  # as sure as a floor
        elif not user and len(said) <= USER_LONGEST and not (signed and _is_time(said)):
            linked = bool(piece.href) and USER_LINK.search(piece.href[:200].lower()) is not None
            user = said if labelled or linked or (piece.box >= 0 and holds[piece.box]) else ""
        elif not user and signed and 0 < len(above) <= USER_LONGEST and SPOKE.fullmatch(said[:PIECE]):
            user = above
        labelled = USER_LABEL.fullmatch(said) is not None
        above = said
    return user, placed


def _user_boxes(layout: Layout) -> list[bool]:
    """Per box: whether its names, or those of the element around it, are those of a user's name."""
    own = [box.names != "" and not USER_NAMES.isdisjoint(words_of(box.names)) for box in layout.boxes]
    return [
        here or (box.parent >= 0 and own[box.parent]) for here, box in zip(own, layout.boxes, strict=True)
    ]


def _furniture(layout: Layout, dropped: set[int]) -> set[int]:
    """User boxes, buttons, edit notes and quotes of others in the posts of a thread that stay."""
    found: set[int] = set()
    for index, line in enumerate(layout.lines):
        short = len(line.text) <= USER_BOX_LINE
        if (short and (USER_BOX.fullmatch(line.text) or FURNITURE.fullmatch(line.text))) or (
            len(line.text) <= 2 * PIECE and EDITED.fullmatch(line.text)
        ):
            found.add(index)
        if line.text[0] == "_" and index not in dropped and SIGNATURE.fullmatch(line.text):
            stop = next((i for i in range(index, len(layout.lines)) if i in dropped), len(layout.lines))
            found.update(range(index, stop) if stop - index <= SIGNATURE_LINES else ())
    for box in layout.boxes:
        words = words_of(box.names)
        lines = layout.lines[box.first : box.last]
        is_quote = box.tag == "blockquote" or bool(words & {"quote", "quotes", "quoted"})
        if lines and is_quote and box.first not in dropped and QUOTED.match(lines[0].text[:100]):
            found.update(range(box.first, box.last))
    return found
