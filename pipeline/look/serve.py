"""The server that runs until Ctrl-C: uvicorn with one process, on an address that is bound before it is shown."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import quote

import uvicorn

from pipeline.errors import UsageError
from pipeline.folders import Folders
from pipeline.look.app import make_app


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server at this address or name."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def serve(folders: Folders, host: str, port: int, token: str | None, say: Callable[[str], None]) -> None:
    """Serve until Ctrl-C; `say` is told the address. UsageError where that is taken or none of this machine's."""
    with listening(host, port) as listener:
        at = listener.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        asked = f"?token={quote(token, safe='')}" if token else ""
        say(f"http://{shown}:{at}/{asked} shows the corpus. Ctrl-C ends it.")
        config = uvicorn.Config(
            make_app(folders, token=token), log_level="warning", lifespan="off", server_header=False
        )
        with suppress(KeyboardInterrupt):  # raised again by uvicorn when it has ended; it is how this ends
            uvicorn.Server(config).run(sockets=[listener])


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens already, so that the port is known; UsageError where there can be none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise UsageError(f"port {port} is taken; --port names another, 0 a free one") from error
        raise UsageError(f"--host {host}: {error.strerror or error}") from error
    return listener
