"""Which browser the tests drive: the one of AZYQ_BROWSER, else a Chromium of the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
INSTALL = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]


class NoBrowser(Exception):
    """There is none, and why it could not be fetched."""


def find() -> str:
    """Its path. Raises NoBrowser that names what to do."""
    given = os.environ.get("AZYQ_BROWSER")
    if given:
        if shutil.which(given) is None:
            raise NoBrowser(f"AZYQ_BROWSER is {given}, which can't be run")
        return str(shutil.which(given))
    for name in (*NAMES, *PLACES):
        found = shutil.which(name)
        if found:
            return found
    raise NoBrowser(
        "no Chromium or Chrome on this machine. Debian or Ubuntu: sudo "
        + " ".join(INSTALL)
        + "; elsewhere install Chrome, or name one in AZYQ_BROWSER."
    )


def fetch() -> str:
    """`find`, after installing Debian's Chromium where that can be done without asking anybody. Raises NoBrowser."""
    try:
        return find()
    except NoBrowser:
        if os.environ.get("AZYQ_BROWSER") or not (shutil.which("apt-get") and os.geteuid() == 0):
            raise
    print("chromium: for the tests in a real browser, by apt-get", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if not any(Path("/var/lib/apt/lists").glob("*_Packages*")):
        subprocess.run(["apt-get", "update", "-q"], env=environment, capture_output=True)
    done = subprocess.run(INSTALL, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise NoBrowser(f"{' '.join(INSTALL)}:\n{done.stderr[-1000:]}")
    return find()
