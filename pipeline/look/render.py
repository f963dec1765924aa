"""Records laid out as HTML: one environment of templates, in which everything is escaped and nothing steers.

What comes from pages of others (titles, addresses, texts) goes through `_shown`: control characters and those that
turn the direction of writing are written out, then Jinja2 escapes the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.printable import plain

HERE = Path(__file__).parent
STATIC = HERE / "static"

Links = Callable[..., str]
"""(kind, *parts of the path, **filters) → the address of a page: `link` while it is served, another in an export."""


def link(kind: str, /, *parts: object, **filters: object) -> str:
    """The address of a page of this server; filters that are empty are left out."""
    said = {name: str(value) for name, value in filters.items() if value not in (None, "")}
    path = "/".join(quote(str(part), safe="") for part in ("" if kind == "home" else kind, *parts))
    return f"/{path}" + (f"?{urlencode(said)}" if said else "")


def html(template: str, page: object, *, to: Links = link, **more: object) -> str:
    """A page as HTML: its template, given the record as `page` and the function for addresses as `to`."""
    return _environment().get_template(template).render(page=page, to=to, **{"here": "", **more})


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    made.filters |= {
        "number": number,
        "figure": figure,
        "share": share,
        "when": when,
        "size": size,
        "span": span,
    }
    return made


def _shown(value: object) -> object:
    """A value as a page shows it: nothing for None, text of others without signs that steer."""
    if value is None:
        return ""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def number(value: float | None) -> str:
    """A count with thin groups of digits, 12 345; "–": there is none."""
    return "–" if value is None else f"{value:,.0f}".replace(",", "\u202f")


def figure(value: float) -> str:
    """A number with three digits that count."""
    return number(value) if abs(value) >= 1000 else f"{value:.3g}"


def share(value: float | None) -> str:
    """A share 0..1 in per cent; "–": of nothing."""
    return "–" if value is None else f"{value:.0%}"


def when(value: datetime | date | None) -> str:
    """A time (UTC) to the minute, or a day; "–": never."""
    if value is None:
        return "–"
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else value.isoformat()


def size(value: int) -> str:
    """Bytes for a person."""
    amount = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}"
        amount /= 1000
    return f"{amount:.0f} TB"


def span(value: timedelta) -> str:
    """A length of time for a person."""
    seconds = round(value.total_seconds())
    minutes, hours = seconds // 60, seconds // 3600
    if value.total_seconds() < 9.95:
        return f"{value.total_seconds():.1f} s"
    if seconds < 60:
        return f"{seconds} s"
    return f"{minutes} min {seconds % 60:02d} s" if minutes < 60 else f"{hours} h {minutes % 60:02d} min"
