"""`make serve`: a Prefect server, what prefect.yaml and automations.yaml declare, a worker, and `corpus look` beside
them, until Ctrl-C.

For a person on one machine. Where a server and workers run as services, only `prefect deploy` is needed.
The addresses come from prefect.toml or the environment (PREFECT_SERVER_API_PORT=4300 CORPUS_LOOK_PORT=4380 make serve).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from prefect.settings import get_current_settings

from flows.states import LOOK

PORT = 4280
"""Of `corpus look`, unless the environment names another."""
POOL = "local"
AUTOMATIONS = Path(__file__).with_name("automations.yaml")
AUTOMATION = "crashed-without-a-word"
"""The one automation in that file; a second `create` would double it."""
STARTUP = 180.0
"""Seconds the server may take: a cold one needs 15 on a quiet machine, over 60 on a loaded one."""
GRACE = 10.0
"""Seconds a process may take to end before it is killed."""


def main() -> None:
    """Start all three, say where they are, and end them in the right order."""
    # a shell that starts us with & has SIGINT ignored, and a worker that inherits that never stops
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _interrupt)
    address = get_current_settings().server.api
    home = f"http://{address.host}:{address.port}"
    port = os.environ.get("CORPUS_LOOK_PORT", str(PORT))
    look = f"http://127.0.0.1:{port}"
    env = {
        **os.environ,
        LOOK: look,
        "PREFECT_API_URL": f"{home}/api",
        "PREFECT_SERVER_UI_API_URL": f"{home}/api",
    }
    with ExitStack() as running:
        try:
            server = running.enter_context(_started(env, _command("server", "start")))
            _wait(server, f"{home}/api/health")
            _prefect(env, "work-pool", "create", POOL, "--type", "process", "--overwrite")
            _prefect(env, "deploy", "--all")
            if _call(env, "automation", "inspect", AUTOMATION):
                _prefect(env, "automation", "create", "--from-file", str(AUTOMATIONS))
            running.enter_context(
                _started(env, [sys.executable, "-m", "pipeline.cli", "look", "--port", port])
            )
            worker = running.enter_context(_started(env, _command("worker", "start", "--pool", POOL)))
            print(f"\n{home} shows the runs, {look} the corpus. Ctrl-C ends all.\n", flush=True)
            sys.exit(worker.wait())
        except KeyboardInterrupt:
            print("\nEnding the worker, then the server.", flush=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "prefect", "--no-prompt", *words]


def _prefect(env: dict[str, str], *words: str) -> None:
    subprocess.run(_command(*words), env=env, check=True)


def _call(env: dict[str, str], *words: str) -> int:
    return subprocess.run(_command(*words), env=env, check=False, capture_output=True).returncode


@contextmanager
def _started(env: dict[str, str], command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    # a session of its own: Ctrl-C reaches only us, so that the worker ends before its server
    process = subprocess.Popen(command, env=env, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(server: subprocess.Popen[bytes], health: str) -> None:
    """Wait until the server answers; SystemExit when it ends or takes longer than STARTUP."""
    deadline = time.monotonic() + STARTUP
    while time.monotonic() < deadline:
        if server.poll() is not None:
            sys.exit(f"The server ended at once ({server.returncode}); is {health} taken by another one?")
        try:
            urllib.request.urlopen(health, timeout=2.0).close()
            return
        except OSError:
            time.sleep(0.5)
    sys.exit(f"{health} did not answer within {STARTUP:.0f} s")


if __name__ == "__main__":
    main()
