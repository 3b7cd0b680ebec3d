"""`azyq` without the second that its imports take: a process that has imported everything forks for each call.

Each call is a process of its own still, with its own arguments, environment, folder, streams and end; what starts
from nothing is tested elsewhere (test_first_second, test_readme, test_demo, test_serve).

`python tests/warm.py SOCKET` is the process that forks. It ends when its input does.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
CLIENT = Path(__file__).with_name("warm_call.py")
ROOMS = ("domain", "projections", "streams", "infra")

# It ends with us, however we end: nobody else holds the other end of its input, which is kept here.
_STARTED: list[subprocess.Popen[bytes]] = []


@cache
def azyq() -> list[str]:
    """The command that stands for `azyq`; the first call of a process starts what answers it."""
    folder = tempfile.mkdtemp(prefix="azyq-warm-")
    where = f"{folder}/socket"
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("AZYQ", "KAFKA"))
    }
    environment |= {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, __file__, where], stdin=subprocess.PIPE, env=environment, start_new_session=True
    )
    _STARTED.append(process)
    while not os.path.exists(where):
        assert process.poll() is None, "what forks for azyq does not start"
        time.sleep(0.01)
    return [sys.executable, "-ISE", str(CLIENT), where]


@cache
def folder_for_path() -> Path:
    """A folder for PATH in which `azyq` is that command."""
    python, flags, client, where = azyq()
    script = Path(where).with_name("bin") / "azyq"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec "{python}" {flags} "{client}" "{where}" "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return script.parent


def serve(where: str) -> None:
    """Returns in each process that was forked for a call, once it is what the call asks for."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(where)
        listening.listen(64)
        _import_everything()
        assert threading.active_count() == 1, "a process with threads can't be forked"
        gc.freeze()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while True:
            ready, _, _ = select.select([sys.stdin, listening], [], [])
            if sys.stdin in ready:
                shutil.rmtree(Path(where).parent, ignore_errors=True)
                os._exit(0)
            connection, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _answer(connection)
                return
            connection.close()


def _import_everything() -> None:
    for room in ROOMS:
        package = importlib.import_module(room)
        for found in pkgutil.walk_packages(package.__path__, f"{room}."):
            if not found.name.endswith("__main__"):
                importlib.import_module(found.name)


def _answer(connection: socket.socket) -> None:
    """Forks once more: the child returns as the call, we wait for it and say how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    length, streams, _, _ = socket.recv_fds(connection, 8, 3)
    told = b""
    while len(told) < int.from_bytes(length, "big"):
        told += connection.recv(1 << 16)
    child = os.fork()
    if child == 0:
        connection.close()
        _become(json.loads(told), streams)
        return
    for stream in (*streams, 0):
        os.close(stream)
    connection.sendall(child.to_bytes(8, "big"))

    def end_it_when_nobody_waits() -> None:
        with suppress(OSError):
            connection.recv(1)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)

    threading.Thread(target=end_it_when_nobody_waits, daemon=True).start()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    with suppress(OSError):
        connection.sendall(code.to_bytes(8, "big", signed=True))
    os._exit(0)


def _become(call: dict[str, Any], streams: list[int]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(call["folder"])
    os.environ.clear()
    os.environ.update(call["environment"])
    time.tzset()
    sys.argv = ["azyq", *call["arguments"]]
    # As an interpreter opens them where the locale says UTF-8.
    sys.stdin = os.fdopen(0, encoding="utf-8", errors="surrogateescape")
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="surrogateescape")
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1)


if __name__ == "__main__":
    serve(sys.argv[1])
    from infra.cli import main

    main()
