"""`make serve`: a Prefect server, what prefect.yaml and automations.py declare, and a worker, until Ctrl-C.

For a person on one machine. Where a server and workers run as services, only `prefect deploy` and
`python -m flows.automations` are needed. The address comes from prefect.toml or the environment
(PREFECT_SERVER_API_PORT=4300 make serve). What the commands of Prefect print on the way is shown only when one fails:
they advise to start by hand what is started here.
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
from tempfile import TemporaryFile
from types import FrameType
from typing import IO

from prefect.settings import get_current_settings

POOL = "local"
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
    api = f"{home}/api"
    env = {**os.environ, "PREFECT_API_URL": api, "PREFECT_SERVER_UI_API_URL": api, "PREFECT_UI_URL": home}
    with ExitStack() as running:
        try:
            said = running.enter_context(TemporaryFile())
            print(f"Starting a Prefect server on {home} …", flush=True)
            server = running.enter_context(_started(env, _prefect("server", "start"), said))
            _wait(server, f"{home}/api/health", said)
            _run(env, _prefect("work-pool", "create", POOL, "--type", "process", "--overwrite"))
            _run(env, _prefect("deploy", "--all"))
            print(_run(env, [sys.executable, "-m", "flows.automations"]), end="")
            print(f"\n{home} shows the runs: {home}/deployments starts one. Ctrl-C ends all.\n", flush=True)
            worker = running.enter_context(_started(env, _prefect("worker", "start", "--pool", POOL)))
            sys.exit(worker.wait())
        except KeyboardInterrupt:
            print("\nEnding the worker, then the server.", flush=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _prefect(*words: str) -> list[str]:
    return [sys.executable, "-m", "prefect", "--no-prompt", *words]


def _run(env: dict[str, str], command: list[str]) -> str:
    """Run a command to its end; what it printed, or SystemExit with that when it fails."""
    done = subprocess.run(
        command, env=env, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        sys.exit(f"{done.stdout}\n{' '.join(command[2:])} failed ({done.returncode})")
    return done.stdout


@contextmanager
def _started(
    env: dict[str, str], command: list[str], said: IO[bytes] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    # a session of its own: Ctrl-C reaches only us, so that the worker ends before its server
    process = subprocess.Popen(command, env=env, start_new_session=True, stdout=said, stderr=said)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(server: subprocess.Popen[bytes], health: str, said: IO[bytes]) -> None:
    """Wait until the server answers; SystemExit when it ends or takes longer than STARTUP."""
    deadline = time.monotonic() + STARTUP
    while time.monotonic() < deadline:
        if server.poll() is not None:
            said.seek(0)
            told = said.read().decode(errors="replace")
            sys.exit(
                f"{told}\nThe server ended at once ({server.returncode}); is {health} taken by another one?"
            )
        try:
            urllib.request.urlopen(health, timeout=2.0).close()
            return
        except OSError:
            time.sleep(0.5)
    sys.exit(f"{health} did not answer within {STARTUP:.0f} s")


if __name__ == "__main__":
    main()
