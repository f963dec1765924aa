"""Messages to whoever runs this, where they look: mail, chat, a webhook, by the addresses of `apprise`.

`notify.toml` beside the sources folder holds them:

    [notify]
    urls = ["mailto://user:password@example.org", "feishu://TOKEN", "jsons://hooks.example.org/corpus"]

See https://github.com/caronc/apprise/wiki for every service. Without the file nothing is sent.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import CorpusError, UsageError
from pipeline.tomlfile import parsed

if TYPE_CHECKING:
    from apprise import NotifyBase

FILE = "notify.toml"

logger = logging.getLogger("pipeline.notify")


class NotSentError(CorpusError):
    """A message reached not all of its addresses."""


def addresses(folder: Path) -> tuple[str, ...]:
    """The addresses in `notify.toml` of a folder, none without the file; UsageError names what is wrong in it."""
    path = folder / FILE
    if not path.is_file():
        return ()
    read = parsed(path)
    if read.problem:
        raise UsageError(read.problem)
    told = read.table
    section = told.get("notify")
    urls = section.get("urls") if isinstance(section, dict) else None
    if set(told) != {"notify"} or not isinstance(section, dict) or set(section) != {"urls"}:
        raise UsageError(
            f"{path}: wanted is a table [notify] with `urls`, a list of apprise addresses, and no more"
        )
    if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
        raise UsageError(f"{path}: `urls` must be a list of strings")
    for number, url in enumerate(urls, 1):
        if _service(url) is None:
            raise UsageError(f"{path}: address {number} ({_scheme(url)}) is none that apprise knows")
    return tuple(urls)


def send(urls: tuple[str, ...], title: str, text: str) -> None:
    """Send one message to each address; NotSentError names the services that did not take it.

    Addresses hold passwords: only their scheme is ever told.
    """
    failed = []
    for url in urls:
        service = _service(url)
        if service is None or not service.notify(title=title, body=text):
            failed.append(_scheme(url))
    if failed:
        raise NotSentError(f"{FILE}: not taken by {', '.join(failed)}; the log says more")
    logger.info("told %d addresses: %s", len(urls), title)


def _service(url: str) -> NotifyBase | None:
    import apprise  # half a second that only those pay who are told something

    found: NotifyBase | None = apprise.Apprise.instantiate(url)
    return found


def _scheme(url: str) -> str:
    return f"{url.partition('://')[0][:20]}://…"
