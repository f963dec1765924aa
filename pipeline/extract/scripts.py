"""The texts that a page keeps in its scripts: string values of JSON and of JavaScript literals, with their keys.

Nothing is evaluated and nothing need be whole: one scan finds strings and brackets, so that `window.__NUXT__` with
its bare keys, a `JsDecode('…')` of WeChat and JSON that was cut are read as JSON-LD is. Strings are those of
ECMA-262 §12.9.4 and RFC 8259 §7.
"""

from __future__ import annotations

import html
import json
import re
import string
from base64 import b64decode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from pipeline.extract.marks import WORD, kinds
from pipeline.rules.han import IDEOGRAPHS

LONGEST_SCRIPT = 3_000_000
"""Code points read of one script; state objects of news sites stay below 1,000,000."""

MOST_TOKENS = 200_000
"""Strings and brackets read of one script."""

AROUND = 64
"""Brackets around a text that are looked at; states of sites nest some twelve deep."""

SHORTEST = 20
"""Han characters of a value that may be a text."""

FACT = 200
"""Code points of the longest value that is a fact beside a text."""

MOST_VALUES = 40
"""Values kept of one script, those with the most Han."""

NESTED = 2
"""How often JSON may stand as a string in JSON."""

KEY_REACH = 80
"""Code points before a string that are searched for its bare key."""

WRITES = ("document.write(", "document.writeln(")
"""What puts a string behind those before it."""

FEW = 2
"""Strings of a list that are paragraphs of one text; one alone is a value."""

OTHERS = 2
"""Objects with a text in one list, from which each is another article."""

_BRACKET = r"|[{}\[\]]"
JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\[\s\S])*+"?' + _BRACKET)
"""A string without an end is a token too: each character is passed once."""

JS_TOKEN = re.compile(
    r'"(?:[^"\\\n]|\\[\s\S])*+"?'
    r"|'(?:[^'\\\n]|\\[\s\S])*+'?"
    r"|`(?:[^`\\]|\\[\s\S])*+`?"
    r"|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+"
    r"|(?<=[(,=:!&|?{};])/(?:[^/\\\n]|\\.){1,200}+" + _BRACKET
)
"""The last but one is a regular expression, whose quotes are none."""

NAME = string.ascii_letters + string.digits + "_$"
CALLS = 2
"""Calls round a string that is assigned: JSON.parse(decodeURIComponent("…"))."""

ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\}|([\s\S]))")
ESCAPED_TWICE = re.compile(r"\\x[0-9A-Fa-f]{2}")
"""What WeChat's JsDecode decodes behind the decoding of the string."""

HAN = re.compile(
    rf"[{IDEOGRAPHS}]|[\\%]u[4-9][0-9A-Fa-f]{{3}}|%E[4-9]|&#(?:x[4-9][0-9A-Fa-f]{{3}}|(?:1[3-9]|[23]\d|40)\d{{3}});"
)
"""A Han character, as it is, in an escape, in percent signs (the first of its three bytes, or one number) or as a
reference by number."""

SIGNS = {"n": "\n", "r": "\r", "t": "\t", "b": " ", "f": "\n", "v": "\n", "\n": "", "0": ""}

PERCENT = re.compile(r"\s{0,9}%(?:u[0-9A-Fa-f]{4}|[0-9A-Fa-f]{2})")
"""How JSON, HTML or a text begins that is given to decodeURIComponent or unescape (ECMA-262 §B.2.1.2)."""
PERCENT_U = re.compile(r"%u([0-9A-Fa-f]{4})")

ANGULAR = (("&q;", '"'), ("&s;", "'"), ("&l;", "<"), ("&g;", ">"), ("&a;", "&"))
"""How Angular escapes the state that it hands to the reader (TransferState)."""

BASE64 = re.compile(r"[A-Za-z0-9+/_-]{200,}={0,2}")
"""A string that may be a text in Base64 (RFC 4648 §4 and §5); seventy Han are no shorter."""

FACTS = (
    ("headline", frozenset({"title", "headline", "newstitle", "articletitle", "subject", "msgtitle"})),
    (
        "author",
        frozenset(
            {"author", "authorname", "authorinfo", "writer", "reporter", "user", "userinfo", "creator"}
        ),
    ),
    ("publisher", frozenset({"source", "sourcename", "origin", "media", "medianame", "comefrom"})),
    (
        "datePublished",
        frozenset(
            {
                "publishtime",
                "publishedat",
                "pubtime",
                "pubdate",
                "publishdate",
                "datepublished",
                "ctime",
                "createtime",
            }
        ),
    ),
)
"""Fact as JSON-LD names it → the keys that name it beside a text, without case and underscores."""

PERSONS = frozenset({"author", "publisher"})
PERSON_KEYS = frozenset({"name", "nickname", "username", "displayname", "screenname"})
"""Keys of the name in an object that is an author or a publisher."""

BLOCK_KEYS = frozenset({"type", "tag", "tagname", "insert", "nodetype", "blocktype"})
"""Keys of a paragraph in the block formats of editors (ProseMirror, Editor.js, Slate, Quill)."""

PICTURE_TEXT = ("msg_desc", "desc")
"""A summary everywhere but on WeChat's pages of pictures (embedded.py)."""

PARAGRAPHS = frozenset(
    {"paragraphs", "paras", "segments", "blocks", "contents", "contentlist", "lines", "sections"}
)
"""Keys, without case and underscores, of a list of a text's paragraphs, objects without a type."""

RUNS = "children"
"""Key of the runs of a paragraph that have no type of their own (Slate)."""

ELEMENT = "$"
"""What an element begins with in what React streams: ["$","p",null,{"children":"…"}]."""

INLINE = frozenset({"a", "b", "code", "em", "font", "i", "span", "strong", "sub", "sup", "u"})

ROW = re.compile(r"(?:^|\n)[0-9a-f]{1,5}:(?:T[0-9a-f]{1,6},|(?=[A-Z]{0,2}[\[{]))")
"""How a row of a page that React streams to the reader begins: 5:["$",… or, of text, 6:T1a2,…"""

BLOCK_TEXTS = frozenset({"text", "content", "insert", "value", "data"})
"""Keys of the words in such a paragraph."""

_SUMMARIES = (
    "abstract bio brief consent cookie cookies css description digest excerpt hint intro introduction lead locale "
    "locales message messages notice policy protocol remark replies review slogan style summary template tips "
    "translation translations"
)
SUMMARIES = frozenset(_SUMMARIES.split())
"""Words of keys whose value is about an article or a site, or is not one, besides those that marks.py calls junk."""


PUSHED = "__next_f"
"""Name of the list to which a page of React pushes its stream, cut anywhere, a script for each piece."""

PUSH = re.compile(r'__next_f\s?\.push\(\s?\[\s?1\s?,\s?"((?:[^"\\]|\\[\s\S])*+)"')
ROW_HEAD = re.compile(rb"([0-9a-f]{1,5}):(?:T([0-9a-f]{1,6}),)?")
"""The same in bytes; the number behind T is how many the text has."""

MOST_TEXTS = 40
"""Texts of a stream that are looked for where they belong."""


@dataclass(slots=True)
class Frame:
    """An open bracket: what its values share. Filled by the scan."""

    kind: str
    key: str
    parent: Frame | None
    facts: dict[str, str] = field(default_factory=dict)
    pieces: list[str] = field(default_factory=list)
    """Strings of a list, or the text of a block."""
    inner: list[str] = field(default_factory=list)
    """The texts of an object in a block, which are its text where it has none of its own."""
    block: bool = False
    texts: int = 0
    """Of a list: objects in it that hold a text."""
    counted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A text found in a script."""

    text: str
    key: str
    facts: dict[str, str]
    """headline, author, publisher, datePublished beside it or in the object around."""
    listed: bool
    """Whether the list around holds the texts of several articles."""
    han: int


def han_in(text: str) -> int:
    """Han characters of a text, escaped ones too."""
    return len(HAN.findall(text))


def most_han(text: str) -> int:
    """A number that `han_in` does not exceed, in a fifth of its time: what is not ASCII, and beginnings of escapes."""
    raw = 0 if text.isascii() else len(text) - len(text.encode("ascii", "ignore"))
    return raw + text.count("\\u") + text.count("%E") + text.count("%u") + text.count("&#")


def holds_base64(text: str) -> bool:
    """Whether something in a script may be a text in Base64."""
    return len(text) >= 200 and BASE64.search(text) is not None


def from_base64(text: str) -> str:
    """What a string is in Base64 of UTF-8, with or without the escapes of an address; "" where it is none."""
    if len(text) < 200 or not BASE64.fullmatch(text):
        return ""
    try:
        found = b64decode(
            text + "=" * (-len(text) % 4),
            altchars=b"-_" if "-" in text or "_" in text else None,
            validate=True,
        ).decode()
    except ValueError:
        return ""
    return _from_percent(found)


def _from_percent(text: str) -> str:
    """What a text says that begins in the escapes of an address; any other as it is."""
    if not PERCENT.match(text):
        return text
    if "%u" in text:  # two numbers may be one sign
        text = PERCENT_U.sub(lambda sign: chr(int(sign[1], 16)), text)
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return unquote(text)


def values(script: str, *, is_json: bool, deep: int = 0) -> list[Value]:
    """The texts in a script, the longest first. Never raises; linear in the length of the script."""
    found: list[tuple[str, str, Frame]] = []
    inner: list[Value] = []
    script = script[:LONGEST_SCRIPT]
    if is_json:  # a whole state in the escapes of an address
        script = _from_percent(script)
    if is_json and "&q;" in script:
        for sign, meant in ANGULAR:
            script = script.replace(sign, meant)
    for text, key, frame in _texts(script, is_json):
        if deep < NESTED and text.lstrip()[:1] in ("{", "[") and '"' in text[:40]:
            inner += values(text, is_json=True, deep=deep + 1)
            continue
        if deep < NESTED and frame.kind == "[" and ROW.match(text):
            inner += _streamed(text, key, frame, deep)
            continue
        if not _is_about(key, frame):
            found.append((text, key, frame))
            _count(frame)
    done = [
        Value(text=text, key=key, facts=_facts(frame), listed=_listed(frame), han=han_in(text))
        for text, key, frame in found
    ]
    return sorted([*done, *inner], key=lambda value: -value.han)[:MOST_VALUES]


def stream_of(scripts: Iterable[str]) -> str:
    """The stream of which scripts push the pieces."""
    return unescape("".join(raw for script in scripts for raw in PUSH.findall(script)))


def streamed(stream: str) -> list[Value]:
    """The texts in the rows of a whole stream; a row of text stands where another row names its number: "$12"."""
    data = stream[:LONGEST_SCRIPT].encode("utf-8", "ignore")
    texts: dict[str, str] = {}
    states: list[str] = []
    at = 0
    while at < len(data):
        head = ROW_HEAD.match(data, at)
        start = head.end() if head else at
        stop = start + int(head[2], 16) if head and head[2] else 0
        if stop < len(data) and not (stop and ROW_HEAD.match(data, stop)):
            stop = data.find(b"\n", start) % (len(data) + 1)
        row = data[start:stop].decode("utf-8", "replace")
        if head and head[2]:
            texts[head[1].decode()] = row
        else:
            states.append(row)
        at = max(stop, start) + data.startswith(b"\n", stop)
    told = [number for number, text in texts.items() if han_in(text) >= SHORTEST][:MOST_TEXTS]
    found: list[Value] = []
    for state in states:
        for number in [each for each in told if f'"${each}"' in state]:
            state = state.replace(f'"${number}"', json.dumps(texts.pop(number), ensure_ascii=False), 1)
            told.remove(number)
        found += values(state, is_json=True)
    alone = [Value(text=texts[n], key="", facts={}, listed=False, han=han_in(texts[n])) for n in told]
    return sorted([*found, *alone], key=lambda value: -value.han)[:MOST_VALUES]


def _streamed(text: str, key: str, frame: Frame, deep: int) -> Iterator[Value]:
    """The texts in the rows of a stream: each is JSON, or a text."""
    for row in ROW.split(text)[1:]:
        if row[:1] in ("{", "["):
            yield from values(row, is_json=True, deep=deep + 1)
        elif (han := han_in(row)) >= SHORTEST:
            yield Value(text=row, key=key, facts=_facts(frame), listed=False, han=han)


def unescape(raw: str) -> str:
    """A string literal's text: escapes of JSON and JavaScript, and WeChat's second round of `\\x0a`."""
    text = _unescape(raw)
    return _unescape(text) if ESCAPED_TWICE.search(text) else text


def _unescape(raw: str) -> str:
    if "\\" not in raw:
        return raw
    return ESCAPE.sub(_sign, raw).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _sign(found: re.Match[str]) -> str:
    number = found[1] or found[2] or found[3]
    if number:
        code = int(number, 16)
        return chr(code) if code <= 0x10FFFF else "\ufffd"
    return SIGNS.get(found[4], found[4])


def _texts(script: str, is_json: bool) -> Iterator[tuple[str, str, Frame]]:
    """(text, key, frame) of each value with enough Han, and of each list of paragraphs."""
    frame = Frame("", "", None)
    key = ""
    held: tuple[Frame, str, list[str]] | None = None  # a string that another may go on behind a +
    ended = 0
    written: dict[str, list[str]] = {}
    for count, token in enumerate((JSON_TOKEN if is_json else JS_TOKEN).finditer(script)):
        sign = script[token.start()]
        if count >= MOST_TOKENS:
            break
        if sign == "/":
            continue
        goes_on = held is not None and script[ended : token.start()].strip() == "+"
        if held is not None and not (goes_on and sign in "\"'`"):
            yield from _string(held[0], held[1], "".join(held[2]))
            held = None
        if sign in "{[":
            frame = Frame(sign, key or _bare_key(script, token.start()), frame)
            key = ""
        elif sign in "}]":
            if frame.parent is not None and frame.kind == ("{" if sign == "}" else "["):
                yield from _closed(frame)
                frame = frame.parent
            key = ""
        elif token.end() - token.start() < 2 or script[token.end() - 1] != sign:
            key = ""  # cut off: half a text is none
        elif script[token.end() : token.end() + 4].lstrip()[:1] == ":" and frame.kind == "{":
            key = script[token.start() + 1 : token.end() - 1][:KEY_REACH]
            frame.block = frame.block or key.lower() in BLOCK_KEYS
        elif held is not None:
            held[2].append(token[0][1:-1])
            ended = token.end()
        else:
            held = (frame, key or _bare_key(script, token.start()), [token[0][1:-1]])
            if not is_json and not key:
                _written(script, token.start(), token[0][1:-1], written)
            ended = token.end()
            key = ""
    if held is not None:
        yield from _string(held[0], held[1], "".join(held[2]))
    for pieces in written.values():
        text = "".join(map(unescape, pieces))
        if len(pieces) >= FEW and han_in(text) >= SHORTEST:
            yield text, "", Frame("", "", None)


def _written(script: str, start: int, raw: str, written: dict[str, list[str]]) -> None:
    """Notes a string that is put behind others: html += "…", or one that others follow."""
    before = script[max(0, start - KEY_REACH) : start].rstrip()
    if before.endswith(WRITES):
        written.setdefault(WRITES[0], []).append(raw)
    elif before.endswith("="):
        goes_on = before.endswith("+=")
        before = before[: -1 - goes_on].rstrip()
        name = before[len(before.rstrip(NAME)) :]
        if goes_on:
            written.setdefault(name, []).append(raw)
        else:
            written[name] = [raw]


def _string(frame: Frame, key: str, raw: str) -> Iterator[tuple[str, str, Frame]]:
    """One string: a fact, a piece of a list or a block, and a text where it has enough Han."""
    raw = _from_percent(raw)
    raw = from_base64(raw) or raw
    enough = len(raw) >= SHORTEST and han_in(raw) >= SHORTEST
    name = _plain(key)
    if not enough and len(raw) > FACT:
        return
    if (
        name in PERSON_KEYS
        and (of := _fact(_plain(frame.key))) in PERSONS
        and frame.parent
        and len(raw) <= FACT
    ):
        frame.parent.facts.setdefault(of, unescape(raw).strip())
        return
    fact = _fact(name)
    if fact and len(raw) <= FACT:
        frame.facts.setdefault(fact, html.unescape(unescape(raw)).strip('" \n'))
        return
    frame.block = frame.block or name in BLOCK_KEYS
    if (
        frame.kind == "["
        or name in BLOCK_TEXTS
        or (name == RUNS and frame.parent and frame.parent.pieces[:1] == [ELEMENT])
    ):
        frame.pieces.append(unescape(raw))
    if enough:
        yield unescape(raw), key, frame


def _plain(key: str) -> str:
    return key.replace("_", "").lower()


def _fact(name: str) -> str | None:
    return next((fact for fact, names in FACTS if name in names), None)


def _closed(frame: Frame) -> Iterator[tuple[str, str, Frame]]:
    """What a closing bracket makes whole: a list of paragraphs is one text, a block is a paragraph of its list."""
    parent = frame.parent
    pieces = frame.pieces or frame.inner
    if parent is None or not pieces:
        return
    if frame.kind == "[" and frame.pieces[:1] == [ELEMENT]:
        text, tag = "".join(frame.inner), frame.pieces[1] if len(frame.pieces) > 1 else ""
        if text:
            parent.pieces.append(text if tag in INLINE else f"{text}\n")
        return
    if frame.kind == "{" and parent.pieces[:1] == [ELEMENT]:
        parent.inner.append("".join(frame.pieces))
        return
    if frame.kind == "{" and "headline" not in frame.facts:
        if parent.kind == "[" and (frame.block or _plain(parent.key) in (RUNS, *PARAGRAPHS)):
            parent.pieces.append("".join(pieces))
        elif _plain(frame.key) in BLOCK_TEXTS:
            parent.inner.append("".join(pieces))
    if frame.kind == "{" or not frame.pieces:
        return
    if not all(HAN.search(piece) or len(piece) <= FEW or piece[:1] == "<" for piece in frame.pieces):
        return
    joined = "\n".join(frame.pieces)
    if parent.kind == "{":
        parent.pieces.append("".join(frame.pieces))
    if len(frame.pieces) >= FEW and han_in(joined) >= SHORTEST:
        yield joined, frame.key, parent


def _bare_key(script: str, start: int) -> str:
    """The name that a string is assigned to: `content_noencode: JsDecode(`. Read backwards, no pattern is as fast."""
    before = script[max(0, start - KEY_REACH) : start].rstrip()
    for _ in range(CALLS):
        if before.endswith("("):
            before = before[:-1].rstrip().rstrip(NAME + ".").rstrip()
    if before[-1:] not in (":", "="):
        return ""
    before = before[:-1].rstrip().rstrip("\"'")
    return before[len(before.rstrip(NAME)) :]


def _up(frame: Frame | None) -> Iterator[Frame]:
    """A frame and those around it, the nearest AROUND: a script cut off again and again has thousands."""
    for _ in range(AROUND):
        if frame is None:
            return
        yield frame
        frame = frame.parent


def _is_about(key: str, frame: Frame) -> bool:
    """Whether a key, or one around it, says that the value is a summary, a comment or another article."""
    if key in PICTURE_TEXT:
        return False
    names = [key, *(each.key for each, _ in zip(_up(frame), range(8), strict=False))]
    return any(
        "junk" in kinds(name) or not SUMMARIES.isdisjoint(word.lower() for word in WORD.findall(name))
        for name in names
        if name
    )


def _list_around(frame: Frame) -> tuple[Frame | None, Frame | None]:
    """(the list around, the object in it) of a frame."""
    below = None
    for each in _up(frame):
        if each.kind == "[":
            return each, below
        below = each
    return None, None


def _count(frame: Frame) -> None:
    around, item = _list_around(frame)
    if around is not None and item is not None and not item.counted:
        item.counted = True
        around.texts += 1


def _listed(frame: Frame) -> bool:
    around, item = _list_around(frame)
    return around is not None and item is not None and around.texts >= OTHERS


def _facts(frame: Frame) -> dict[str, str]:
    """The facts of the object that holds a text, then those of the objects around it, up to a list of several."""
    facts: dict[str, str] = {}
    for each in _up(frame):
        if each.kind == "[" and each.texts > 1:
            break
        facts = {**each.facts, **facts}
    return facts
