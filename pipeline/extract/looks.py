"""Lines told by how they look, not by what element holds them: link lines, captions, labelled advertisements."""

from __future__ import annotations

import re
from collections import Counter

from pipeline.extract.layout import Line, collapse
from pipeline.extract.variants import either_script
from pipeline.rules.han import IDEOGRAPHS

BULLETED = "●►▶★◎☆■◆▸➤→»"
"""A line that begins so and holds a link is a teaser of another article."""

TEASER = 6
"""Code points of the shortest linked bracket that is a teaser and not a reference."""

LINK_LINE = 60
"""A line mostly of links and shorter than this is navigation; longer ones are paragraphs full of links."""

ADVERTISEMENT = either_script(r"广告|推广|AD|赞助|Sponsored")
"""As the whole text of a line's first element: a label on the line, not a word of it."""

ADVERTISEMENT_LINE = 90

KEYWORDS = 5
"""Phrases of a line of search keywords, each of which begins with the same word."""

KEYWORD_LONGEST = 16
"""Code points of the longest of them."""

KEYWORD_SHARE = 0.8
"""Share of the phrases of such a line that hold one pair of Han, wherever it stands in them."""

LONGEST_KEYWORDS = 400
WORD = re.compile(r"[^\W\d_]")
HAN_WORD = re.compile(f"[{IDEOGRAPHS}]{{2}}")
BETWEEN_KEYWORDS = re.compile(r"[\s,，、|;；]+")
BUTTONS = re.compile(r"(?:[【\[［〔][^【】\[\]［］〔〕。，]{1,24}[】\]］〕]\s{0,3}){2,12}")
"""【打印本页】【关闭窗口】, as pages of table cells have them."""

CAPTION_LINE = 120
"""Code points of the longest caption told by its words."""

CAPTION = either_script(
    r"^[（(【\[]?(?:[▲▼△▽↑↓◀◆]|图为|图注|图说|图[:：/／|｜]|图\d{1,2}[:：.、 ]|资料图|"
    r"图集|封面图|示意图|网络图|配图|题图|航拍图|效果图|图源|图片说明)|"
    r"(?:(?<!拍)摄|供图|截图|资料图片?|资料照片?|图片社|视觉中国|"
    r"IC photo|东方IC|图[/／].{1,12}|（圖：.{1,14}|翻攝.{0,16}|提供)[）)】\]。]?$"
)


def by_look(line: Line) -> str | None:
    """links, caption, keywords, buttons or advertisement, or None for a line that looks like text."""
    text = line.text
    label = next(piece.text.strip() for piece in line.pieces if piece.text.strip())
    if len(text) < ADVERTISEMENT_LINE and len(line.pieces) > 1 and ADVERTISEMENT.fullmatch(label):
        return "advertisement"
    if line.linked and text[0] in BULLETED and "。" not in text:
        return "links"
    if line.linked and len(text) < LINK_LINE and not text.endswith(("。", "！", "？")):
        if line.linked * 2 > len(text):
            return "links"
        if line.linked >= TEASER and not any(
            WORD.search(piece.text) for piece in line.pieces if not piece.href
        ):
            return "links"
    if _are_keywords(text):
        return "keywords"
    if text[0] in "【[［〔" and BUTTONS.fullmatch(text):
        return "buttons"
    may_be_caption = len(text) <= CAPTION_LINE and (line.after_image or text[0] in "▲▼△▽↑↓")
    if may_be_caption and CAPTION.search(text):
        return "caption"
    return None


def _are_keywords(text: str) -> bool:
    """Whether a line is what people search for: 高山茶价格 高山茶哪里买 高山茶功效 …

    Phrases between commas may have the word anywhere (最新茶价,高山茶价 …): there is no sentence, so no mark ends it.
    """
    if text.count(text[:2]) < KEYWORDS and text.count(",") < KEYWORDS - 1:
        return False
    phrases = [phrase for phrase in BETWEEN_KEYWORDS.split(text[:LONGEST_KEYWORDS]) if phrase]
    if (
        len(phrases) < KEYWORDS
        or len(set(phrases)) < len(phrases)
        or not all(2 < len(phrase) <= KEYWORD_LONGEST for phrase in phrases)
    ):
        return False
    word = phrases[0][:2]
    if all(phrase[:2] == word for phrase in phrases):
        return HAN_WORD.fullmatch(word) is not None
    return text.count(",") == len(phrases) - 1 and _share_a_word(phrases)


def _share_a_word(phrases: list[str]) -> bool:
    """Whether most phrases hold one pair of Han, and none a sign but Han, letters and digits."""
    pairs = Counter(
        pair for phrase in phrases for pair in {phrase[i : i + 2] for i in range(len(phrase) - 1)}
    )
    pair, count = pairs.most_common(1)[0]
    return (
        count >= KEYWORD_SHARE * len(phrases)
        and HAN_WORD.fullmatch(pair) is not None
        and all(phrase.isalnum() for phrase in phrases)
    )


def without_teaser(line: Line) -> str:
    """The line without a last bracket that is one link: （另一則新聞的標題）."""
    if not line.linked or line.text[-1] not in "）)":
        return line.text
    opening = max(line.text.rfind("（"), line.text.rfind("("))
    inside = line.text[opening + 1 : -1].strip()
    linked = any(piece.href and collapse(piece.text) == inside for piece in line.pieces)
    if opening > 0 and len(inside) >= TEASER and linked:
        return line.text[:opening].rstrip()
    return line.text
