"""Script: count what a text is written in, convert with OpenCC, repair what OpenCC breaks or leaves.

OpenCC is imported here alone, and only `t2s` for Simplified: `tw2s`, `tw2sp` and `hk2sp` damage text
(显著→显着, 文件→文档). Alone it sets 34 of 55 cases of script right: its dictionary has no segmentation, so
protected names match across word boundaries (由於單位); rules/script.tsv says word by word what is done about it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import opencc

from pipeline.normalize import triggers
from pipeline.normalize.characters import (
    CHINESE_ONLY,
    HAN_CHARACTER,
    KANA,
    KANA_CHARACTER,
    SHIELD,
    is_japanese,
)
from pipeline.normalize.punctuation import NAME_SYLLABLE
from pipeline.rules import table
from pipeline.rules.han import HAN

TARGETS = {"Hans": "t2s", "Hant-TW": "s2tw", "Hant-HK": "s2hk", "keep": ""}
"""Target script → OpenCC config; `keep` converts nothing."""
_VARIANTS = {"Hant-TW": "t2tw", "Hant-HK": "t2hk"}


def _any_of(characters: str) -> re.Pattern[str]:
    """A class of characters; those beyond the BMP are looked up last, since the pattern engine lists them singly."""
    near = "".join(character for character in characters if character < "\U00010000")
    far = "".join(character for character in characters if character >= "\U00010000")
    return re.compile(f"[{near}]|[\U00020000-\U0003347f](?<=[{far}])")


_ROWS = table("script")
_CHARACTERS = table("script-characters")
_HANT = "".join(characters for script, characters in _CHARACTERS if script == "Hant")
_HANS = "".join(characters for script, characters in _CHARACTERS if script == "Hans")
_RESIDUAL = "麽妳牠敍衞衹揹鎗荳燄籐觔耡拏菓祇甦瞭覆著藉枱"
LAWFUL = "乾剋劄吒夥徵扞拚於昇氾甦祕絜脩菉蒐薹谿釐邨閤陞麽麹"
"""Characters OpenCC converts that the table of 8,105 standard ones (通用规范汉字表, 2013) has in their own right."""
HANT_CHARACTER = _any_of(_HANT)
_RARE = "".join(characters for script, characters in _CHARACTERS if script == "Rare")
_OPENING = _any_of("".join(sorted({*LAWFUL, *_RARE} - {*"拚邨"})))
"""Of these, and of the rare ones, which Simplified text writes as they are, those that open a line of a text that tells
nothing else; Simplified text writes the others often."""
_CONVERTIBLE = _any_of(_HANT + _RARE)
_RARE_CHARACTER, _BY_ANALOGY = _any_of(_RARE), re.compile("[\U00020000-\U0003347f]")
CONVERTIBLE = _HANT + _RARE + _RESIDUAL
"""What `simplify` looks for, as the inside of a class."""
_IS_CONVERTIBLE, _IS_RESIDUAL = 1, 2
_SUSPECTS = triggers.trigger_table([_HANT + _RARE, _RESIDUAL])
_HONG_KONG = "兑卧叁囱媪悦愠户捝揾敚棁榅氲涚温灶煴痴秘税粽緼脱腽葱蒀藴蜕輼醖"
"""Simplified forms that are Hong Kong's standard too (OpenCC's HKVariants): no evidence of Simplified text."""
_PLAINLY = triggers.trigger_table(
    ["".join(sorted(set(_HANT) - {*LAWFUL})), "".join(sorted({*_HANS} - {*_HONG_KONG}))]
)
_IS_HANT, _IS_HANS = 1, 2
HANS_CHARACTER = _any_of(_HANS)
_SCRIPTS = triggers.trigger_table([_HANT, _HANS])

_KEEP = {}
for _stage, _form, _result, _ in _ROWS:
    if _stage == "keep":
        _KEEP[_form] = _KEEP[_result] = _result
_BEFORE = {form: result for stage, form, result, _ in _ROWS if stage == "word"} | _KEEP
_CHARACTER = {form: result for stage, form, result, _ in _ROWS if stage == "char"}
_AFTER = {form: result for stage, form, result, _ in _ROWS if stage == "after"}
_IN_WORDS = {character for form in _AFTER if len(form) > 1 for character in form}
_VARIANT = {form: result for form, result in _AFTER.items() if len(form) == 1 and form not in _IN_WORDS}


def _alternation(forms: dict[str, str]) -> re.Pattern[str]:
    """The longest form at each place; grouped by first character, which the pattern engine tells fast."""
    grouped: dict[str, list[str]] = {}
    for form in sorted(forms, key=lambda form: (-len(form), form)):
        grouped.setdefault(form[0], []).append(re.escape(form[1:]))
    return re.compile(
        "|".join(f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in sorted(grouped.items()))
    )


_BEFORE_FORM = _alternation(_BEFORE)
_AFTER_FORM = _alternation(
    {form: result for form, result in _AFTER.items() if len(form) > 1 or form not in _VARIANT}
)
_BEFORE_HINT = re.compile(
    f"[於徵坏{''.join(c for form in _BEFORE for c in form if c in _HANT or c in _RESIDUAL)}]"
)
_CHARACTER_FORM = re.compile(f"[{''.join(_CHARACTER)}]")
_VARIANT_FORM = re.compile(f"[{''.join(_VARIANT)}]")
_AFTER_HINT = re.compile(f"[{''.join({form[0] for form in _AFTER if len(form) == 1})}覆炼像迳锺薰苧甯痲麽]")

# 了 and 着 written so that no Simplified text has them: enough to repair a line without Traditional characters.
_PARTICLE_AFTER = (
    "看想拿走带帶跟随隨沿顺順朝向望抱笑哭坐站活穿接味对對听聽考临臨隔伴含藏存护護守等盯握挂掛写寫说說唱跳跑飞飛开開"
    "关關忙拉推拖扶指照靠围圍绕繞冒顶頂躺蹲睡住留剩附执執沉衣"
)
_ZHU_WORD = "作名称稱述录錄者有书書文于於"
_ZHU_AFTER = "显顯卓昭原编編专專名巨遗遺译譯论論合拙新所撰土"
_RESIDUE = re.compile(
    "[妳牠敍衞衹揹鎗荳燄籐觔耡拏枱]|菓(?!子)|(?<![神地天灵靈])祇(?![园園陀树樹])|甦(?=[醒活])|[復复]甦|瞭(?![望哨])"
    f"|(?<=[什怎这這那多要])麽|覆[合杂雜制製印習习活]|[重恢]覆|(?<=[{_PARTICLE_AFTER}])著(?![{_ZHU_WORD}])"
    f"|(?<![{_ZHU_AFTER}])著(?=[想重手眼陆陸落急力])"
)
_RESIDUE_ALONE = re.compile("藉(?=[以助口故此由着著端手詞词])|反覆|[函答批回申拜示明]覆|覆[信呈命墓按文校]")
"""Words that are enough where no Simplified character stands in the line, which may write them so."""
_ASPECT_BESIDE = "着"
_AUTHOR = re.compile(
    f"(?<![{HAN}])(?![他她我你妳它牠祂這这那有])(?P<name>(?:(?![地的在了])[{HAN}·]){{2,8}})"
    "(?<![穿看望拿笑哭說说走跑睡躺坐站唱跳握抱盯])著(?=$|[）)》】\\]])"
    f"|(?<![{HAN}])(?![他她我你妳它這这那有])[{HAN}]{{1,2}}[^看讀读拿捧抱唱聽听念翻藉借隨随憑凭沿對对跟]著(?=《)"
)
_ONE_CHARACTER, _TWO_CHARACTERS = (names for names, *_ in table("surnames")[:2])
_SURNAMES = frozenset(_ONE_CHARACTER) | frozenset(_TWO_CHARACTERS.split("、"))
_NAMED_HINT = re.compile("[昇陞徵乾]")
_NAMED = re.compile(
    f"(?:(?<=[{_ONE_CHARACTER}])(?<![晉晋高])"
    f"|(?<=[{_ONE_CHARACTER}][{HAN}])(?<![提上晉晋直高推擢回躍跃飛飞爬攀特象表東东]))[昇陞徵乾](?=先生|女士|小姐|夫人|教授"
    "|博士|醫[師生]|老[師师]|院[長长士]|校[長长]|[局處处部市縣县省科社會会館馆隊队團团班軍军師师艦舰站所][長长]|主任|主席|主教|[將将][軍军]|[經经]理"
    "|[總总][經经]理|[總总][裁統统]|[議议委][員员]|董事|律[師师]|[導导]演|[記记]者|同志|同[學学])"
)
"""The last character of a person's name, before what he or she is."""
_LONGEST_NAME = 3
_BODY = re.compile("(?:会|社|院|组|所|系|室|局|馆|部|等|编)\\Z")
"""What a body that writes books is called by its last character, and who is one of several."""
_FOREIGN = re.compile(f"[{NAME_SYLLABLE}]")
_SHARE_OF_SYLLABLES = 0.6
_NEXT_TO_HAN = re.compile(f"(?<=[{HAN}]).|.(?=[{HAN}])")
_AUTHOR_STAND_IN = "\U000ffffe"

_INFLECTION = re.compile("[ぁ-ねは-ゖ]")
"""Hiragana but for の, which Chinese texts use as an ornament: katakana may be a name in a Chinese line."""
_QUOTED = re.compile("[《「『“][^《「『“》」』”]{0,100}[》」』”]")
_KANA_SEGMENT = re.compile(f"[{HAN}{KANA}ー・]+")
_OLD = (
    "國來與對會學發從當點應兩變邊關實體聲觀讀寫萬圖單傳豐戰廣顯覺樣樂權氣經號讓據擔獨獻畫舊處壓圓圍屬殘淺濟滿繼續總聽臺譯貓"
    "爲爭團區參將專舉稱驗險齊轉輕鐵錢鹽黨齒龍澤澀燈營爐狀帶彌徑戀戲拔擧攝數斷晝條檢歡歸殼氣濱瀨禮穩竊粹縣繩纖聯膽臟藝蟲褒觸"
    "賴贊醫釋鎭靈餘騷驛髮麥黃"
)
"""Traditional characters that Japanese has written in a simpler form since 1946 (当用漢字字体表, 1949)."""
_GRAMMAR = re.compile("[的了是在和都也就我他]")
_OLD_CHARACTER = re.compile(f"[{_OLD}]")
_KANA_NEIGHBOUR = re.compile(
    f"(?:(?![{_OLD}])[{HAN}]){{0,2}}[{KANA}](?:(?![{_OLD}的了是在和都也就])[{HAN}{KANA}ー]){{0,2}}"
)
_CITED = re.compile(f"(?<=[“‘「『\"'])[{HAN}](?=[”’」』\"'])")
_ABOUT_CHARACTERS = re.compile("[字繁]")
_PAIR = re.compile(f"([{HAN}]{{1,8}}) ?[=→{SHIELD}] ?([{HAN}]{{1,8}})\\Z")
_LONGEST_PAIR = 19
_LONG_RUN = re.compile(f"[{HAN}]{{30,}}")
_COMMON = frozenset("".join(characters for characters, *_ in table("common-han")[:3]))
_COMMON_SHARE = 0.12
"""Share of frequent characters in a run of text, at least: prose has three times as many, classical Chinese twice."""
_MASK = 0x100000

_TRADITIONAL_SLIPS = re.compile(
    "傢(?![具伙俱什私夥])|隻(?<![一兩两三四五六七八九十百千萬万幾几半這这那每多數数0-9].)(?=[要有是能會占])"
    "|瞭(?<!明.)(?![解望然如若哨])|註(?=[意重入])|裡(?<=[公萬阿].)(?![面頭邊外])|麵(?<=[方後前全頁].)|後(?<=[皇太].)"
    "|齣(?=[版現來来去口入])|鼕(?=[天季])|鞦(?=[天季])|彆(?<=[分特].)|誌(?=[願氣])|誌(?<=同.)|闆(?<=黑.)|鬆(?=[樹鼠])"
)
_SLIPS_FOR_CERTAIN = 2


@lru_cache(maxsize=8)
def _converter(config: str) -> Callable[[str], str]:
    convert: Callable[[str], str] = opencc.OpenCC(config).convert
    return convert


def detect(text: str) -> str:
    """The script of a text: Hans, Hant, mixed, pseudo-Hant, or none when it has no Han.

    Counts characters that only one script has, by OpenCC's own lists; a tenth of the other script makes
    it mixed, undecided text counts as Hans. pseudo-Hant is Traditional converted character by character
    (大傢, 隻要, 註重): two such slips.
    """
    if text.isascii() or not HAN_CHARACTER.search(text):
        return "none"
    _, hant, hans = triggers.counts(text, _SCRIPTS, 2)
    if hant == 0:
        return "Hans"
    if len(traditional_slips(text)) >= _SLIPS_FOR_CERTAIN:
        return "pseudo-Hant"
    if min(hans, hant) * 10 >= hans + hant and min(hans, hant) > 1:
        return "mixed"
    return "Hant" if hant > hans else "Hans"


def traditional_slips(text: str) -> list[re.Match[str]]:
    """Places where a true Traditional text has another character: the signature of pseudo-Traditional."""
    return list(_TRADITIONAL_SLIPS.finditer(text))


def simplify(text: str) -> str:
    """Traditional characters become Simplified, line by line, only where a line has some.

    Japanese stays, and so do characters that are themselves cited (“後”字).
    """
    if text.isascii():
        return text
    suspects = triggers.of_lines(text, _SUSPECTS)
    if not any(suspects):
        return text
    plainly = triggers.of_lines(text, _PLAINLY)
    _, hant, hans = triggers.counts(text, _PLAINLY, 2)
    lines = text.split("\n")
    opened: list[tuple[int, _Opened]] = []
    for number, (line, bits, sure) in enumerate(zip(lines, suspects, plainly, strict=True)):
        is_open = bits & _IS_RESIDUAL or (bits and _is_open(line, sure, hant - hans))
        if is_open and (found := _opened(line, bits)):
            opened.append((number, found))
    works = _converted([found.work for _, found in opened])
    for (number, found), work in zip(opened, works, strict=True):
        lines[number] = _closed(found, work)
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A line that may be converted."""

    line: str
    work: str
    """The same with what stays masked, and what OpenCC would get wrong already converted."""
    masked: list[str]
    """What stays, in the order of its masks."""
    is_residual: bool
    """Whether it has what a careless conversion left behind."""


def _converted(works: list[str]) -> list[str]:
    """Some lines as OpenCC has them, all in one call: it takes as long to call as for a hundred characters."""
    asked = [number for number, work in enumerate(works) if _CONVERTIBLE.search(work)]
    answers = _converter("t2s")("\n".join(works[number] for number in asked)).split("\n") if asked else ()
    converted = dict(zip(asked, answers, strict=True))
    return [converted.get(number, work) for number, work in enumerate(works)]


def _is_open(line: str, sure: int, more: int) -> bool:
    """Whether a line may be converted: it has a Traditional character, or no Simplified one in such a text.

    What Simplified text writes in its own right (乾顺, 杨於陵) is no evidence, nor a rare character, where it does not
    write others in a form made by analogy (𣨼). `more`: by how much the text has more
    Traditional characters than Simplified ones.
    """
    if sure & _IS_HANT:
        return True
    if sure & _IS_HANS:
        return _BY_ANALOGY.search(line) is not None and _RARE_CHARACTER.search(line) is not None
    return more > 0 or (more == 0 and _OPENING.search(line) is not None)


def convert(text: str, target: str) -> str:
    """The text in the target script: a key of `TARGETS`. Raises `ValueError` for another."""
    if target not in TARGETS:
        raise ValueError(f"target script {target!r} is not one of {', '.join(TARGETS)}")
    if target == "Hans":
        return simplify(text)
    if target == "keep" or text.isascii():
        return text
    if detect(text) == "pseudo-Hant":
        text = simplify(text)
    return "\n".join(_traditional(line, target) for line in text.split("\n"))


def _traditional(line: str, target: str) -> str:
    if KANA_CHARACTER.search(line):
        return line
    if HANS_CHARACTER.search(line):
        return _converter(TARGETS[target])(line)
    if HANT_CHARACTER.search(line):
        return _converter(_VARIANTS[target])(line)
    return line


def _opened(line: str, bits: int) -> _Opened | None:
    """A line made ready for conversion; None: it stays as it is."""
    is_residual = bits & _IS_RESIDUAL != 0 and (
        _RESIDUE.search(line) is not None
        or (_RESIDUE_ALONE.search(line) is not None and HANS_CHARACTER.search(line) is None)
    )
    if not is_residual and not bits & _IS_CONVERTIBLE:
        return None
    masked: list[str] = []

    def mask(span: str) -> str:
        masked.append(span)
        return chr(_MASK + len(masked) - 1) if len(masked) < 0xFFFD else span

    work = line
    if KANA_CHARACTER.search(work):
        if is_japanese(line) and _INFLECTION.search(_QUOTED.sub("", line)):
            return None
        work = _KANA_SEGMENT.sub(lambda match: _kana_masked(match[0], mask), work)
    if _ABOUT_CHARACTERS.search(work):
        work = _CITED.sub(lambda match: mask(match[0]), work)
    if _BEFORE_HINT.search(work):
        if _NAMED_HINT.search(work):
            work = _NAMED.sub(lambda match: mask(match[0]), work)
        work = _BEFORE_FORM.sub(
            lambda match: mask(_KEEP[match[0]]) if match[0] in _KEEP else _BEFORE[match[0]], work
        )
        work = _CHARACTER_FORM.sub(lambda match: _CHARACTER[match[0]], work)
    return _Opened(line, work, masked, is_residual)


def _closed(opened: _Opened, result: str) -> str:
    """The line once OpenCC has had it: slips of conversion repaired, and what was masked in its place."""
    line = opened.line
    if (result != line or opened.is_residual) and _AFTER_HINT.search(result):
        result = _repaired(result, keeps_zhu=_ASPECT_BESIDE in line)
    if opened.masked:
        result = result.translate({_MASK + number: span for number, span in enumerate(opened.masked)})
    return line if result != line and _lists_characters(line, result) else result


def _lists_characters(line: str, result: str) -> bool:
    """Whether a line is about characters: a word and its other script, or a long run of rare ones, no sentence."""
    if len(line) <= _LONGEST_PAIR:
        before, after = _PAIR.match(line), _PAIR.match(result)
        return before is not None and after is not None and before[1] != before[2] and after[1] == after[2]
    if "，" in line or "。" in line:
        return False
    run = _LONG_RUN.search(line)
    return run is not None and sum(one in _COMMON for one in run[0]) < _COMMON_SHARE * len(run[0])


def _repaired(line: str, *, keeps_zhu: bool) -> str:
    """The rows `after` of the table; a line that also writes 着 tells 着 from 著, so its 著 stays.

    A character that stands alone, without Han beside it, is cited and stays.
    """

    def replaced(match: re.Match[str]) -> str:
        form = match[0]
        if (keeps_zhu and "著" in form) or (len(form) == 1 and not _NEXT_TO_HAN.match(line, match.start())):
            return form
        return _AFTER[form]

    if "著" in line:
        line = _AUTHOR.sub(
            lambda match: match[0][:-1] + _AUTHOR_STAND_IN if _is_author(match) else match[0], line
        )
    line = _VARIANT_FORM.sub(lambda match: _VARIANT[match[0]], line)
    return _AFTER_FORM.sub(replaced, line).replace(_AUTHOR_STAND_IN, "著")


def _is_author(match: re.Match[str]) -> bool:
    """Whether what stands before 著 is an author: after a colon, in brackets, before 《, or at a line's end a name.

    A name has a dot, begins with a surname, is of the syllables foreign names are written with, or is a body's.
    """
    line, name = match.string, match["name"]
    if name is None or match.end() < len(line) or line[match.start() - 1 : match.start()] == "：":
        return True
    is_personal = (len(name) <= _LONGEST_NAME and name[0] in _SURNAMES) or (
        len(name) <= _LONGEST_NAME + 1 and name[:2] in _SURNAMES
    )
    syllables = len(_FOREIGN.findall(name))
    is_foreign = len(name) >= _LONGEST_NAME and syllables >= _SHARE_OF_SYLLABLES * len(name)
    return "·" in name or is_personal or is_foreign or _BODY.search(name) is not None


def _kana_masked(segment: str, mask: Callable[[str], str]) -> str:
    """Hide Japanese: the whole segment between marks, or only the Han next to kana if the rest is Chinese."""
    if not KANA_CHARACTER.search(segment):
        return segment
    old = len(_OLD_CHARACTER.findall(segment))
    if not CHINESE_ONLY.search(segment) and not (old > 1 or (old and _GRAMMAR.search(segment))):
        return mask(segment)
    return _KANA_NEIGHBOUR.sub(lambda match: mask(match[0]), segment)
