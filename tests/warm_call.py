"""A call of `azyq` to the process that forks for it (tests/warm.py): `python -ISE warm_call.py SOCKET ARGUMENT…`

It ends as the call does, and passes on what it is told to do by signals.
"""

import json
import os
import signal
import socket
import sys


def main(where: str, arguments: list[str]) -> int:
    """The exit code of the call; where a signal ended it, the same signal ends us."""
    call = {"folder": os.getcwd(), "environment": dict(os.environ), "arguments": arguments}
    told = json.dumps(call).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(where)
        wanted = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
        signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
        socket.send_fds(connection, [len(told).to_bytes(8, "big")], [0, 1, 2])
        connection.sendall(told)
        child = int.from_bytes(_exactly(connection), "big")
        for one in wanted:
            signal.signal(one, lambda number, _: os.kill(child, number))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, wanted)
        code = int.from_bytes(_exactly(connection), "big", signed=True)
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code


def _exactly(connection: socket.socket) -> bytes:
    found = b""
    while len(found) < 8:
        part = connection.recv(8 - len(found))
        if not part:
            sys.exit("what forks for azyq is gone")
        found += part
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
