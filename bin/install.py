"""Installs azyq into .venv from a lock file with hashes; once done, does nothing and needs no network.

What is installed stands in .venv/azyq-installed.json. An environment that was left half-made, moved to
another folder, or made by a Python that is gone, is made anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "azyq-installed.json"
LOCKS = {"run": "requirements.lock", "dev": "requirements-dev.lock"}
# They would put packages elsewhere than into .venv.
MISLEADING = (
    "PYTHONPATH",
    "PYTHONHOME",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_USER",
    "PIP_REQUIREMENT",
)


class InstallFailed(Exception):
    """What a person needs to be told."""


def digest(name: str) -> str:
    """SHA-256 of one of the project's files."""
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def read_stamp() -> dict[str, str]:
    """What was installed, as the last whole run wrote it; empty if there was none."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(stamp: dict[str, str]) -> None:
    """Replaces the stamp whole: never half-written."""
    draft = STAMP.with_suffix(".draft")
    draft.write_text(json.dumps(stamp, indent=1), encoding="utf-8")
    draft.replace(STAMP)


def environment() -> dict[str, str]:
    """The environment for pip: without what misleads it, and without a cache where none can be written."""
    env = {name: value for name, value in os.environ.items() if name not in MISLEADING}
    env["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    home = env.get("HOME", os.path.expanduser("~"))
    cache = env.get("PIP_CACHE_DIR") or env.get("XDG_CACHE_HOME") or home
    if not os.path.isabs(cache) or not _is_ours(Path(cache)):
        env["PIP_NO_CACHE_DIR"] = "1"
    return env


def _is_ours(folder: Path) -> bool:
    nearest = folder
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    # Root may write anywhere, but must not leave files of its own in another user's home.
    return os.access(nearest, os.W_OK) and (os.geteuid() != 0 or nearest.stat().st_uid == 0)


def python_version() -> str:
    """Version of the environment's Python; empty when it doesn't run."""
    ask = [str(PYTHON), "-c", "import sys; print(sys.version)"]
    try:
        asked = subprocess.run(ask, capture_output=True, text=True)  # noqa: S603
    except OSError:
        return ""
    return asked.stdout if asked.returncode == 0 else ""


def pip(*arguments: str) -> None:
    """Runs pip in the environment, quietly but for errors. Raises InstallFailed."""
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--no-input", *arguments]
    if subprocess.run(command, cwd=ROOT, env=environment()).returncode:  # noqa: S603
        raise InstallFailed(
            "pip could not install azyq; its reason stands above. The first install needs the network. If it "
            "finds no matching distribution, there is none for this machine: the embedded PostgreSQL is for "
            "Linux (glibc) and macOS, on x86-64 and ARM64."
        )


def make_venv() -> None:
    """A new environment; what was there is removed. Raises InstallFailed."""
    print("Making .venv", file=sys.stderr, flush=True)
    if VENV.is_symlink():
        VENV.unlink()
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        venv.create(VENV, with_pip=True, symlinks=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise InstallFailed(f"The virtual environment .venv can't be made: {error}") from None


def install(kinds: list[str]) -> None:
    """Brings .venv to the locks of `kinds` and to pyproject.toml."""
    stamp = read_stamp()
    version = python_version()
    if not version or stamp.get("venv") != str(VENV) or stamp.get("python") != version:
        make_venv()
        stamp = {}
    wanted = {kind: digest(LOCKS[kind]) for kind in kinds}
    project = digest("pyproject.toml")
    if stamp.get("project") == project and all(stamp.get(kind) == lock for kind, lock in wanted.items()):
        return
    # Killed from here on, nothing tells which packages are whole: without a stamp the next run starts anew.
    STAMP.unlink(missing_ok=True)
    for kind, lock in wanted.items():
        if stamp.get(kind) != lock:
            print(
                f"Installing {LOCKS[kind]} into .venv; at first this takes a minute",
                file=sys.stderr,
                flush=True,
            )
            pip("--require-hashes", "--only-binary", ":all:", "--requirement", LOCKS[kind])
            stamp[kind] = lock
    pip("--no-deps", "--no-build-isolation", "--editable", ".")
    write_stamp(stamp | {"project": project, "venv": str(VENV), "python": python_version()})


def main() -> int:
    """Exit code: 0 when .venv is as it should be."""
    kinds = ["run", "dev"] if "--dev" in sys.argv[1:] else ["run"]
    # Two runs at once wait for one another; the lock goes with the process.
    handle = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        install(kinds)
    except InstallFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        os.close(handle)
    return 0


if __name__ == "__main__":
    sys.exit(main())
