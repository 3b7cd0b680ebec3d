"""Resolves the dependencies of pyproject.toml anew: requirements.lock to run, requirements-dev.lock to test.

One lock serves every platform and Python from 3.11 on, and has a hash for each file. uv does it, in an
environment of its own that is thrown away.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OPTIONS = ["--universal", "--generate-hashes", "--python-version", "3.11", "--no-header", "--quiet"]
LOCKS = {
    "requirements.lock": ["pyproject.toml"],
    "requirements-dev.lock": ["pyproject.toml", "--group", "dev", "--constraint", "requirements.lock"],
}


def main() -> int:
    """Exit code: 0 when both locks were written; a lock is replaced whole or left as it was."""
    with tempfile.TemporaryDirectory(prefix="azyq-lock-") as folder:
        place = Path(folder) / "venv"
        venv.create(place, with_pip=True, symlinks=True)
        pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        if subprocess.run([*pip, "--disable-pip-version-check", "uv"]).returncode:  # noqa: S603
            return 1
        env = os.environ | {"UV_SYSTEM_CERTS": "1", "UV_CACHE_DIR": str(Path(folder) / "cache")}
        for lock, sources in LOCKS.items():
            draft = Path(folder) / lock
            resolve = [str(place / "bin" / "uv"), "pip", "compile", *OPTIONS, *sources]
            if subprocess.run([*resolve, "--output-file", str(draft)], cwd=ROOT, env=env).returncode:  # noqa: S603
                return 1
            (ROOT / lock).write_bytes(draft.read_bytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())
