"""The sample site's articles: one file each, a header and the text as an editor would set it.

    title: 老桥等来第三次大修         site: portal              path: /gb/local/0311.html
    date: 2026-03-11 09:20            author, origin, section … (all keys: `Story`)
    ---
    one paragraph a line

`<slug>.printed.txt` beside it is the same article as its page prints it, where the page's form cannot be had
by a named damage (a Traditional page). A story with `form:` takes its text from `forms/<name>.txt`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path

ARTICLES = Path(__file__).with_name("articles")
CHINA = timezone(timedelta(hours=8))
PAGE_BREAK = "[下一页]"
"""A line that stands where an article goes on on its next page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One article file."""

    slug: str
    """Name of its file without the ending."""
    site: str
    """Which site of `sites.SITES` prints it."""
    path: str
    """Path of its page, with a leading slash; empty when it is glued below another article."""
    title: str
    """As a careful editor would set it."""
    printed_title: str
    """As the page prints it."""
    body: tuple[str, ...]
    """Paragraphs as a careful editor would set them; `## ` opens a subheading."""
    printed: tuple[str, ...]
    """Paragraphs as the page prints them, before the named damage."""
    published: datetime | None
    """In China time; None: the page prints no date."""
    author: str | None = None
    """As a careful editor would set it."""
    origin: str | None = None
    """来源 as printed."""
    origin_url: str | None = None
    """Link behind the 来源."""
    section: str = ""
    """Column."""
    damage: tuple[str, ...] = ()
    """Names from `damage.TEXT` and `damage.MARKUP`."""
    later: tuple[tuple[str, str], ...] = ()
    """What the page's text reads instead in the second turn."""
    turns: tuple[int, ...] = (1, 2)
    """In which turns the page is there."""
    reason: str | None = None
    """Why it must not be published: too_short, list_page, not_chinese, keyword_spam, duplicate, …"""
    relation: str | None = None
    """duplicate, contained_in or same_form; None: an article of its own."""
    of: str | None = None
    """Slug of the article it is a copy of, or name of the form it fills in."""
    glued_below: str | None = None
    """Slug of the article on whose page it stands as the second one."""
    flags: tuple[str, ...] = ()
    """Damage that must be flagged, not repaired."""
    absent: tuple[str, ...] = ()
    """Strings that must not be in the published text."""


def turned(story: Story, turn: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The story's body and its printed body as they stand in a turn."""
    if turn < 2:
        return story.body, story.printed
    return _replaced(story.body, story.later), _replaced(story.printed, story.later)


@cache
def stories() -> tuple[Story, ...]:
    """All articles, by slug; ValueError names the file that is not well-formed."""
    names = sorted(path.stem for path in ARTICLES.glob("*.txt") if not path.name.endswith(".printed.txt"))
    return tuple(story(name) for name in names)


@cache
def story(slug: str) -> Story:
    """One article by its slug."""
    head, body = _read(ARTICLES / f"{slug}.txt")
    copied = _one(head, "copy_of")
    if copied and not body:
        body = _cut(story(copied).body, _one(head, "paragraphs") or "")
        body = _replaced(body, _pairs(slug, head.get("edit", [])))
    title = _one(head, "title") or ""
    form = _one(head, "form")
    if form:
        facts = dict(_pairs(slug, head.get("fact", []), "="))
        form_head, lines = _read(ARTICLES / "forms" / f"{form}.txt")
        title = form_head["title"][0].format_map(facts)
        body = tuple(line.format_map(facts) for line in lines)
    printed_head: dict[str, list[str]] = {}
    printed = _replaced(body, _pairs(slug, head.get("print", [])))
    twin = ARTICLES / f"{slug}.printed.txt"
    if twin.exists():
        printed_head, printed = _read(twin)
    glued = _one(head, "glued_below")
    if not (title and body and _one(head, "site") and (_one(head, "path") or glued)):
        raise ValueError(f"{slug}.txt: an article needs title, site, path and text")
    day = _one(head, "date")
    return Story(
        slug=slug,
        site=head["site"][0],
        path=_one(head, "path") or "",
        title=title,
        printed_title=_one(printed_head, "title") or _one(head, "printed_title") or title,
        body=body,
        printed=printed,
        published=datetime.strptime(day, "%Y-%m-%d %H:%M").replace(tzinfo=CHINA) if day else None,
        author=_one(head, "author"),
        origin=_one(head, "origin"),
        origin_url=_one(head, "origin_url"),
        section=_one(head, "section") or "",
        damage=tuple((_one(head, "damage") or "").split()),
        later=_pairs(slug, head.get("later", [])),
        turns=tuple(int(turn) for turn in (_one(head, "turns") or "1 2").split()),
        reason=_one(head, "reason"),
        relation="same_form" if form else _one(head, "relation"),
        of=form or copied,
        glued_below=glued,
        flags=tuple((_one(head, "flags") or "").split()),
        absent=tuple(head.get("absent", [])),
    )


def _read(path: Path) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """Header and non-empty body lines of a file."""
    top, dashes, rest = path.read_text("utf-8").partition("---\n")
    if not dashes:
        raise ValueError(f"{path.name}: no --- line between header and text")
    head: dict[str, list[str]] = {}
    for line in top.splitlines():
        key, colon, value = line.partition(": ")
        if not colon:
            raise ValueError(f"{path.name}: not a header line: {line!r}")
        head.setdefault(key, []).append(value)
    return head, tuple(line for line in rest.splitlines() if line)


def _one(head: dict[str, list[str]], key: str) -> str | None:
    return head.get(key, [""])[0] or None


def _pairs(slug: str, lines: list[str], sign: str = " => ") -> tuple[tuple[str, str], ...]:
    pairs = []
    for line in lines:
        left, found, right = line.partition(sign)
        if not found:
            raise ValueError(f"{slug}.txt: no {sign!r} in {line!r}")
        pairs.append((left, right))
    return tuple(pairs)


def _replaced(lines: tuple[str, ...], pairs: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """The lines with each left replaced (ValueError: it is not there); `\\n` in a right opens a line."""
    text = "\n".join(lines)
    for left, right in pairs:
        if left not in text:
            raise ValueError(f"nothing to replace: {left!r}")
        text = text.replace(left, right.replace("\\n", "\n"))
    return tuple(text.split("\n"))


def _cut(lines: tuple[str, ...], span: str) -> tuple[str, ...]:
    """Paragraphs first-last, counted from 1; all of them for an empty span."""
    first, _, last = span.partition("-")
    return lines[int(first) - 1 : int(last)] if span else lines
