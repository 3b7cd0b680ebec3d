"""Where Kafka comes from: Docker's image, or jars that Maven fetches once into a cache."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
POM = Path(__file__).with_name("pom.xml")
VERSION = "4.1.1"
IMAGE = f"apache/kafka:{VERSION}"
OLDEST_JAVA = 17
PACKAGES = "openjdk-17-jre-headless maven"


class NoKafka(Exception):
    """No broker can be run here; the text says what would help."""


@dataclass(frozen=True)
class Java:
    """How a class of Kafka is called: by this machine's Java on `jars`, or in Docker when there are none."""

    jars: Path | None

    def call(self, name: str, folder: Path, ports: tuple[int, ...]) -> list[str]:
        """The words before a class's name. Only Docker needs the container's `name`, its folder and ports."""
        if self.jars:
            return [_java(), "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{self.jars}/*"]
        words = ["docker", "run", "--rm", "--name", name, "--user", f"{os.getuid()}:{os.getgid()}"]
        words += ["--volume", f"{folder}:{folder}", "--workdir", str(folder), "--entrypoint", "java"]
        for port in ports:
            words += ["--publish", f"127.0.0.1:{port}:{port}"]
        return [*words, IMAGE, "-cp", "/opt/kafka/libs/*"]


def find() -> Java:
    """What there is, without fetching anything. Raises NoKafka."""
    if docker_answers():
        return Java(None)
    jars = cache()
    if not jars.is_dir():
        raise NoKafka("Kafka's jars are not there: `.venv/bin/python -m tests.broker fetch` gets them.")
    _java()
    return Java(jars)


def fetch() -> Java:
    """What there is; what is missing is fetched, once. Raises NoKafka."""
    if docker_answers():
        seen = subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True)
        if seen.returncode and subprocess.run(["docker", "pull", "--quiet", IMAGE]).returncode:
            raise NoKafka(f"Docker could not pull {IMAGE}; its reason stands above.")
        return Java(None)
    jars = cache()
    if not jars.is_dir():
        if not _has_java() or not shutil.which("mvn"):
            _install_java()
        _java()
        _download(jars)
    _java()
    return Java(jars)


def docker_answers() -> bool:
    """Whether an engine is there, and soon: a client without an engine may wait long."""
    if not shutil.which("docker"):
        return False
    try:
        asked = subprocess.run(
            ["docker", "info", "--format", "{{.ServerVersion}}"], capture_output=True, timeout=10
        )
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0 and asked.stdout.strip() != b""


def cache() -> Path:
    """The folder of the jars: of the user's cache, or below the project where the home is not to be written."""
    home = os.environ.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path(home, ".cache"))
    if not base.is_absolute() or not _is_ours(base):
        base = ROOT / "build"
    return base / "azyq" / f"kafka-{VERSION}"


def _is_ours(folder: Path) -> bool:
    nearest = folder
    while not nearest.exists():
        nearest = nearest.parent
    # Root may write anywhere, but must not leave files of its own in another user's home.
    return os.access(nearest, os.W_OK) and (os.geteuid() != 0 or nearest.stat().st_uid == 0)


def _java() -> str:
    """Path of a Java that is new enough. Raises NoKafka."""
    home = os.environ.get("JAVA_HOME")
    for java in [str(Path(home, "bin", "java"))] if home else [], ["java"]:
        for word in java:
            found = shutil.which(word)
            if found and _version(found) >= OLDEST_JAVA:
                return found
    raise NoKafka(
        f"Kafka needs Docker, or Java {OLDEST_JAVA} or later and Maven. "
        f"On Debian or Ubuntu: sudo apt install {PACKAGES}"
    )


def _has_java() -> bool:
    try:
        _java()
    except NoKafka:
        return False
    return True


def _version(java: str) -> int:
    try:
        asked = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r'version "(\d+)', asked.stderr)
    return int(found[1]) if found and asked.returncode == 0 else 0


def _install_java() -> None:
    """On Debian and Ubuntu, as root: nobody could be asked for a password."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print(f"Installing {PACKAGES}, for a Kafka to test on", file=sys.stderr, flush=True)
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    get = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    install = [*get, "install", "-y", "--no-install-recommends"]
    subprocess.run([*get, "update"], env=quiet, stdout=subprocess.DEVNULL)
    for packages in (PACKAGES, "default-jre-headless maven"):
        done = subprocess.run([*install, *packages.split()], env=quiet, stdout=subprocess.DEVNULL)
        if done.returncode == 0:
            return


def _download(jars: Path) -> None:
    """Into a folder beside, then renamed: `jars` is whole or not there, however many runs fetch at once."""
    maven = shutil.which("mvn")
    if maven is None:
        raise NoKafka(f"Kafka's jars come by Maven. On Debian or Ubuntu: sudo apt install {PACKAGES}")
    print(f"Fetching Kafka {VERSION} to test on; at first this takes a minute", file=sys.stderr, flush=True)
    jars.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{jars.name}-", dir=jars.parent) as draft:
        command = [maven, "--quiet", "--batch-mode", "--strict-checksums", "--file", str(POM)]
        command += [f"-DoutputDirectory={draft}/jars", "-DincludeScope=runtime"]
        # Java takes the home from the account, whatever HOME says.
        if not _is_ours(Path(pwd.getpwuid(os.getuid()).pw_dir, ".m2")):
            command.append(f"-Dmaven.repo.local={draft}/repository")
        command.append("dependency:copy-dependencies")
        done = subprocess.run(command, cwd=draft, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            told = done.stdout[-3000:].decode(errors="replace").strip()
            raise NoKafka(f"Maven could not fetch it, and the first time needs the network. It says:\n{told}")
        try:
            Path(draft, "jars").rename(jars)
        except OSError:
            if not jars.is_dir():
                raise
