"""Runs a broker until it ends, or until whoever started it is gone: then nothing of it stays.

Called by path: guard.py FOLDER CONTAINER COMMAND...; CONTAINER is - for a plain process. Prints the process's id.
Its input is a pipe that the starter holds open and never writes to.
"""

import os
import shutil
import subprocess
import sys
import threading


def main() -> int:
    folder, container, *command = sys.argv[1:]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, cwd=folder)
    print(child.pid, flush=True)

    alone = threading.Event()

    def watch() -> None:
        os.read(0, 1)
        alone.set()
        if container != "-":
            subprocess.run(["docker", "kill", container], capture_output=True)
        child.kill()
        child.wait()
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    code = child.wait()
    if alone.is_set():
        watching.join()  # it ends this process, once the folder is gone
    return code


if __name__ == "__main__":
    sys.exit(main())
