"""One spelling for one address: the form we fetch, the key we remember it by, the site it belongs to.

Parsing follows the WHATWG URL standard (ada). Escapes of bytes that are not UTF-8 are never touched:
many Chinese sites carry GBK in their queries, and re-encoding them asks for another page.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

import ada_url
import tld

from pipeline.rules import table

MAX_LENGTH = 8192
"""Longest URL in characters that is taken seriously; common servers refuse request lines beyond 8 KiB."""

_RECENT = 1024
"""URLs whose parts are kept at hand: a visit asks for those of its own again and again."""

_NUMBER = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_SAFE = r"[A-Za-z0-9\-._~!$&()*+,;=:@%/]"
_NORMAL = re.compile(
    rf"(https?:)//(((?!xn--|[a-z0-9.-]*\.xn--)(?:[a-z][a-z0-9-]{{0,62}}\.){{1,9}}[a-z]{{2,20}}|{_NUMBER}(?:\.{_NUMBER}){{3}})"
    rf"(?::(?!443/)([1-9][0-9]{{2,3}}|[1-5][0-9]{{4}}))?)(?!{_SAFE}*(?:/\.|%2[eE]))(/{_SAFE}*)(\?(?:{_SAFE}|\?)+)?"
)
"""URLs of which the URL standard leaves every character where it stands: most of those that are asked for."""

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PATH_SESSION = re.compile(r";(?:jsessionid|phpsessid)=[^/?;]*", re.IGNORECASE)
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_HOME = re.compile(r"/(?:(?:index|default|home)(?:\.\w{2,5})?)?", re.IGNORECASE)
_WECHAT_HOST = "mp.weixin.qq.com"
_WECHAT_NAMES = {
    "__biz": "__biz",
    "mid": "mid",
    "appmsgid": "mid",
    "idx": "idx",
    "itemidx": "idx",
    "sn": "sn",
    "sign": "sn",
}


class Parts(NamedTuple):
    """The parts of a URL, named and spelled as in the WHATWG standard."""

    protocol: str
    host: str
    hostname: str
    port: str
    pathname: str
    search: str


@dataclass(frozen=True, slots=True)
class _Tracking:
    host: str
    key: str
    values: frozenset[str] | None
    beside: str


@lru_cache(maxsize=_RECENT)
def fetch_form(url: str, base: str | None = None, encoding: str = "utf-8") -> str | None:
    """The absolute URL to ask a server for, without fragment; None if it cannot or must not be fetched.

    Refused: other schemes than http(s), user names and passwords, no host, anything unparsable or longer
    than MAX_LENGTH. Escapes stay as written; raw non-ASCII becomes UTF-8 escapes, but in a query those of the
    `encoding` (a Python codec) of the page that holds the link (WHATWG URL, "query state"); hosts punycode.

    >>> fetch_form("../b?q=文#top", base="http://新闻.cn/a/1.html")
    'http://xn--efvy88h.cn/b?q=%E6%96%87'
    >>> fetch_form("mailto:a@example.cn") is None
    True
    """
    if len(url) > MAX_LENGTH:
        return None
    if _NORMAL.fullmatch(url):
        return url
    if encoding != "utf-8" and "?" in url and not url.isascii():
        url = _with_query_in(url, encoding)
    try:
        parsed = ada_url.URL(url, base=base) if base else ada_url.URL(url)
        parsed.hash = ""
    except ValueError:  # lone surrogates raise UnicodeEncodeError, a ValueError
        return None
    if (
        parsed.protocol not in {"http:", "https:"}
        or parsed.username
        or parsed.password
        or not parsed.hostname
    ):
        return None
    return parsed.href if len(parsed.href) <= MAX_LENGTH else None


def url_key(url: str) -> str:
    """The identity of an address: two URLs with one key are one page. Idempotent.

    http counts as https, default ports, tracking keys (rules/tracking-keys.tsv), session ids and the
    order of the query do not count. A port that is not the default stays. What `fetch_form` refuses
    (file: URLs of imported pages) is its own key.

    >>> url_key("http://news.example.cn:80/a.html?utm_source=x&id=2")
    'https://news.example.cn/a.html?id=2'
    """
    fetched = fetch_form(url)
    if fetched is None:
        return url
    parsed = ada_url.URL(_STRAY_PERCENT.sub("%25", fetched))
    parsed.protocol = "https:"
    parsed.hostname = parsed.hostname.rstrip(".") or parsed.hostname
    host = parsed.hostname
    pairs = [pair.partition("=") for pair in parsed.search.removeprefix("?").split("&") if pair]
    query = [(_plain(name), equals, _plain(value, "=")) for name, equals, value in pairs]
    if host == _WECHAT_HOST and (identity := _wechat_query(parsed.pathname, query)) is not None:
        parsed.pathname, kept = identity
    else:
        parsed.pathname = _without_session(_plain(parsed.pathname))
        names = frozenset(name.lower() for name, _, _ in query)
        kept = sorted("".join(item) for item in query if not _is_tracking(host, item[0], item[2], names))
    parsed.search = "?" + "&".join(kept) if kept else ""
    return parsed.href


def surt(key: str) -> str:
    """The sort form of a URL key, hosts reversed: as CDX indexes use it.

    >>> surt("https://news.example.cn/a/1.html?id=2")
    'cn,example,news)/a/1.html?id=2'
    """
    try:
        parsed = parse_url(key)
    except ValueError:
        return key
    if not parsed.hostname:
        return key
    host = parsed.hostname
    reversed_host = host if _is_address(host) else ",".join(reversed(host.split(".")))
    port = f":{parsed.port}" if parsed.port else ""
    return f"{reversed_host}{port}){parsed.pathname}{parsed.search}".lower()


@lru_cache(maxsize=_RECENT)
def parse_url(url: str) -> Parts:
    """The parts of a URL in fetch form, as a browser sees them; ValueError for what is none."""
    if normal := _NORMAL.fullmatch(url):
        return Parts._make(part or "" for part in normal.groups())
    return Parts._make(ada_url.parse_url(url, attributes=Parts._fields).values())


@lru_cache(maxsize=_RECENT)
def site(url: str) -> str:
    """Host name without a leading `www.`, with `:port` when it is not the default; "" if there is none.

    >>> site("https://www.example.cn:8443/a")
    'example.cn:8443'
    """
    try:
        return parse_url(url).host.removeprefix("www.")
    except ValueError:
        return ""


def is_home(url: str) -> bool:
    """Whether a URL is the front page of its host, be it called index.html; with a query it may be an article."""
    try:
        parsed = parse_url(url)
    except ValueError:
        return False
    return _HOME.fullmatch(parsed.pathname) is not None and not parsed.search


def domain(url: str) -> str:
    """The registrable domain of a URL (Public Suffix List as bundled with `tld`); "" for what has no host.

    Addresses and single-label hosts have none: they stand as `site` gives them, with the port, so that two
    test servers on one machine are two sites.
    """
    name = site(url)
    return (_registrable(name.partition(":")[0]) or name) if name else ""


def same_site(a: str, b: str) -> bool:
    """Whether two URLs belong to one registrable domain.

    >>> same_site("https://news.example.com.cn/", "https://www.example.com.cn/a")
    True
    >>> same_site("https://a.com.cn/", "https://b.com.cn/")
    False
    """
    one = domain(a)
    return bool(one) and one == domain(b)


def _with_query_in(url: str, encoding: str) -> str:
    """A link with the raw non-ASCII of its query escaped in an encoding, as a browser sends it."""
    path, _, rest = url.partition("?")
    if "#" in path:
        return url
    query, mark, fragment = rest.partition("#")
    escaped = "".join(each if each.isascii() else _escaped(each, encoding) for each in query)
    return f"{path}?{escaped}{mark}{fragment}"


def _escaped(character: str, encoding: str) -> str:
    """The escapes of a character; what the encoding lacks goes as a reference (WHATWG URL, "percent-encode after")."""
    raw = character.encode(encoding, "ignore")
    plain = (chr(byte) if chr(byte) in _UNRESERVED else f"%{byte:02X}" for byte in raw)
    return "".join(plain) or f"%26%23{ord(character)}%3B"


def _plain(text: str, also: str = "") -> str:
    """Escapes of unreserved characters (RFC 3986 §6.2.2.2) undone, the others in upper case."""

    def one(match: re.Match[str]) -> str:
        character = chr(int(match[1], 16))
        return character if character in _UNRESERVED or character in also else match[0].upper()

    return _ESCAPE.sub(one, text)


def _without_session(path: str) -> str:
    """Drop `;jsessionid=…`; repeated because a removal may join a new one."""
    while (shorter := _PATH_SESSION.sub("", path)) != path:
        path = shorter
    return path


def _wechat_query(path: str, query: list[tuple[str, str, str]]) -> tuple[str, list[str]] | None:
    """Path and query that name a WeChat article, or None if the URL is not one.

    An article is (`__biz`, `mid`, `idx`, `sn`), or the token of `/s/<token>`; `chksm`, `scene`, `key` and
    the like change with every share.
    """
    if path.startswith("/s/") and len(path) > len("/s/"):
        return _plain(path), []
    named = {_WECHAT_NAMES[name]: value for name, _, value in query if name in _WECHAT_NAMES}
    if "__biz" in named and "mid" in named:
        return "/s", [f"{name}={named[name]}" for name in sorted(named)]
    return None


def _is_tracking(host: str, name: str, value: str, names: frozenset[str]) -> bool:
    """Whether a query key is noise on this host, given all the names of the query in lower case."""
    return any(
        _fits(rule.key, name.lower())
        and (rule.host in {"*", host} or host.endswith("." + rule.host))
        and (rule.values is None or any(_fits(each, value.lower()) for each in rule.values))
        and any(_fits(rule.beside, other) for other in names)
        for rule in _tracking_rules()
    )


def _fits(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


@cache
def _tracking_rules() -> tuple[_Tracking, ...]:
    return tuple(
        _Tracking(host, key, None if values == "*" else frozenset(values.split("|")), beside)
        for host, key, values, beside, _reason in table("tracking-keys")
    )


@lru_cache(maxsize=65_536)
def _registrable(host: str) -> str | None:
    if _is_address(host):
        return None
    readable = ada_url.idna_to_unicode(host)  # the list holds 公司.cn, not its punycode
    found: str | None = tld.get_fld(f"http://{readable}", fail_silently=True, search_private=True)
    return found


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
