"""Which texts a change of the tables of normalization can touch, told by a search in them that costs no normalizing.

An entry acts where its words stand in the text at its stage. That text is nobody's to keep, but no fix makes Han
characters, save those `_NEW` looks for: so words that stand there stand in the source too, once all that is no Han
is left out. Where that does not tell, every text is touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from pipeline.normalize.mojibake import mojibake
from pipeline.normalize.script import CONVERTIBLE
from pipeline.rules import table
from pipeline.rules.han import HAN

Rows = Sequence[Sequence[str]]


def tables() -> dict[str, Rows]:
    """The tables of which a change is understood here, as they are now."""
    return {
        "confusables": table("confusables"),
        "html-tags": table("html-tags"),
        "radicals": table("radicals"),
        "script": table("script"),
        "script-characters": table("script-characters"),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What stands in a text that a change can touch; all empty: there is none."""

    words: frozenset[str] = frozenset()
    """One of these in the Han characters of its source, one behind the other."""
    characters: frozenset[str] = frozenset()
    """One of these in its source."""
    damage: frozenset[str] = frozenset()
    """One of these in the text as it was normalized."""

    def __or__(self, other: Sought) -> Sought:
        return Sought(
            words=self.words | other.words,
            characters=self.characters | other.characters,
            damage=self.damage | other.damage,
        )


def sought(before: Mapping[str, Rows], now: Mapping[str, Rows]) -> Sought | None:
    """What stands in every text that two states of the tables may normalize otherwise; None: it cannot be told."""
    found, changed = Sought(), []
    for name in sorted(before.keys() | now.keys()):
        old, new = ([tuple(row) for row in state.get(name, ())] for state in (before, now))
        if old != new:
            each = _SOUGHT[name](old, new) if name in _SOUGHT else None
            if each is None:
                return None
            found |= each
            changed.append(name)
    # each of these two is read with the other as it is now
    return found if not {"script", "script-characters"} <= {*changed} else None


def searcher(what: Sought) -> Callable[[Iterable[str], str], bool]:
    """A function of the sources of a row's texts and its normalized body: whether the change can touch one."""
    words, damage = _any_of(what.words), _any_of(what.damage)

    def touches(sources: Iterable[str], text: str) -> bool:
        if damage is not None and damage.search(text):
            return True
        if words is None and not what.characters:
            return False
        return any(
            not what.characters.isdisjoint(source)
            or (words is not None and words.search(_NO_HAN.sub("", source)))
            or _NEW.search(source)
            or mojibake(source) != source
            for source in sources
            if source
        )

    return touches


_NO_HAN = re.compile(f"[^{HAN}]+")
_MARKUP = "&<＆﹠﹤"
"""What begins a reference or a tag, in all its forms."""
_NEW = re.compile(f"[{_MARKUP}\u2e80-\u2fdf\uf900-\ufaff\U0002f800-\U0002fa1f]")
"""Where other Han characters may come from: references, what stands between tags, radicals, compatibility forms."""


def _any_of(words: Iterable[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(map(re.escape, sorted(words)))) if words else None


def _changed(old: Rows, new: Rows, cells: int) -> list[Sequence[str]]:
    """The rows, as far as their first cells, that do not stand in both states in the same order."""
    a, b = ([tuple(row[:cells]) for row in rows] for rows in (old, new))
    found: list[Sequence[str]] = []
    for word, i, j, k, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        found += [*a[i:j], *b[k:m]] if word != "equal" else []
    return found


def _confusables(old: Rows, new: Rows) -> Sought:
    return Sought(damage=frozenset(wrong for (wrong,) in _changed(old, new, 1)))


def _html_tags(old: Rows, new: Rows) -> Sought:
    return Sought(characters=frozenset(_MARKUP if _changed(old, new, 2) else ""))


def _radicals(old: Rows, new: Rows) -> Sought:
    return Sought(characters=frozenset(radical for radical, _ in _changed(old, new, 2)))


def _script(old: Rows, new: Rows) -> Sought | None:
    """`after` acts on what OpenCC made of a line, which it looks at only where a convertible character stands."""
    changed = _changed(old, new, 3)
    if not all(_IS_HAN.fullmatch(form + result) for _, form, result in changed):
        return None
    words = {each for row in changed for each in _forms(*row)}
    single = {form for stage, form, _ in changed if stage == "char"}
    made = {c for stage, _, result, *_ in (*old, *new) if stage in ("keep", "word") for c in result}
    if single & made:
        return None
    characters = _hints(old) ^ _hints(new)
    if any(stage == "after" for stage, *_ in changed):
        characters.update(CONVERTIBLE)
    return Sought(words=frozenset(words), characters=frozenset(characters))


_IS_HAN = re.compile(f"[{HAN}]+")


def _forms(stage: str, form: str, result: str) -> tuple[str, ...]:
    """What of a row is looked for in a line before OpenCC."""
    return {"keep": (form, result), "word": (form,), "char": (form,)}.get(stage, ())


def _hints(rows: Rows) -> set[str]:
    """Characters of which one lets a line be searched for forms at all."""
    forms = (each for row in rows if row[0] != "char" for each in _forms(*row[:3]))
    return {character for form in forms for character in form if character in CONVERTIBLE}


def _script_characters(old: Rows, new: Rows) -> Sought | None:
    """A character counts where it stands, but for one that another table puts there first."""
    pairs = [{(script, c) for script, characters in rows for c in characters} for rows in (old, new)]
    characters = {c for _, c in pairs[0] ^ pairs[1]}
    made = {c for _, form, result, _ in table("script") for c in form + result}
    return None if characters & made else Sought(characters=frozenset(characters))


_SOUGHT: Mapping[str, Callable[[Rows, Rows], Sought | None]] = {
    "confusables": _confusables,
    "html-tags": _html_tags,
    "radicals": _radicals,
    "script": _script,
    "script-characters": _script_characters,
}
"""Table → what to look for where it changed; any other table may touch every text."""
