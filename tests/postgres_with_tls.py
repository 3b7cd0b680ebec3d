"""A PostgreSQL that takes client certificates over TLS: Debian's, for the embedded one is built without."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psycopg2
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.certificates import Certified, certified

INSTALL = ["apt-get", "install", "-y", "--no-install-recommends", "postgresql"]
PASSWORD = "azyq-of-the-tests"


class TlsServer(NamedTuple):
    """`port` on localhost; `admin` is the superuser's DSN, `authority` signs certificates of clients."""

    port: int
    admin: str
    url: str
    authority: Certified
    log: Path


def binaries() -> Path:
    """The folder of a PostgreSQL with TLS, installed from Debian when it is missing and we may; fails the test without."""
    if found := _found():
        return found
    command = " ".join(INSTALL)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.fail(f"no PostgreSQL with TLS is installed, and this test needs it: as root, run `{command}`")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for asked in (["apt-get", "update", "-qq"], INSTALL):
        done = subprocess.run(asked, env=environment, capture_output=True, text=True)
    if found := _found():
        return found
    pytest.fail(f"PostgreSQL could not be installed by `{command}`:\n{done.stderr[-2000:]}")


def _found() -> Path | None:
    """The newest that is there and knows TLS."""
    places = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr/local/opt").glob("postgresql*/bin")]
    places += [Path(program).parent for program in [shutil.which("postgres")] if program]
    for place in sorted(places, reverse=True):
        with suppress(OSError):
            told = subprocess.run([place / "pg_config", "--configure"], capture_output=True, text=True)
            if "ssl" in told.stdout and (place / "initdb").exists():
                return place
    return None


@contextmanager
def tls_server(hba: str) -> Iterator[TlsServer]:
    """A server whose pg_hba.conf is `hba` after the superuser's own line; its database `azyq` is of the login `azyq`."""
    place = binaries()
    account = _account()
    with (
        tempfile.TemporaryDirectory(prefix="azyq-tls-") as name,
        socket.create_server(("127.0.0.1", 0)) as free,
    ):
        folder, port = Path(name), free.getsockname()[1]
        authority = certified("Database's authority", authority=True, days=3000)
        server = certified("localhost", authority, days=3000)
        _write(folder, "authority.pem", authority.certificate.public_bytes(Encoding.PEM))
        _write(folder, "server.pem", server.certificate.public_bytes(Encoding.PEM))
        _write(folder, "server.key", key_of(server))
        _own(folder, account)
        data, log = folder / "data", folder / "server.log"
        subprocess.run(
            [
                place / "initdb",
                "-D",
                data,
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
            ],
            check=True,
            capture_output=True,
            user=account and account.pw_uid,
            group=account and account.pw_gid,
            cwd="/",
        )
        (data / "pg_hba.conf").write_text(f"local all postgres trust\n{hba}\n", encoding="utf-8")
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": folder,
            "ssl": "on",
            "ssl_cert_file": folder / "server.pem",
            "ssl_key_file": folder / "server.key",
            "ssl_ca_file": folder / "authority.pem",
            "log_line_prefix": "%m [%p] %u@%d ",
            "log_connections": "on",
            "fsync": "off",
        }
        free.close()
        process = subprocess.Popen(
            [place / "postgres", "-D", data, *(f"--{name}={value}" for name, value in settings.items())],
            stdout=log.open("ab"),
            stderr=subprocess.STDOUT,
            user=account and account.pw_uid,
            group=account and account.pw_gid,
            cwd="/",
        )
        admin = f"host={folder} port={port} user=postgres"
        try:
            _ready(f"{admin} dbname=postgres", process, log)
            for statement in (
                f"CREATE ROLE azyq LOGIN CREATEROLE PASSWORD '{PASSWORD}'",
                "CREATE DATABASE azyq OWNER azyq",
            ):
                _run(f"{admin} dbname=postgres", statement)
            url = f"postgresql://azyq:{PASSWORD}@localhost:{port}/azyq?sslmode=verify-full&sslrootcert={folder}/authority.pem"
            yield TlsServer(port, f"{admin} dbname=azyq", url, authority, log)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def key_of(one: Certified) -> bytes:
    """The private key in PEM."""
    return bytes(one.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _account() -> pwd.struct_passwd | None:
    """Whom the server runs as: PostgreSQL refuses to run as root."""
    return pwd.getpwnam("postgres") if os.geteuid() == 0 else None


def _own(folder: Path, account: pwd.struct_passwd | None) -> None:
    if account:
        for path in (folder, *folder.iterdir()):
            os.chown(path, account.pw_uid, account.pw_gid)
    folder.chmod(0o755)


def _write(folder: Path, name: str, content: bytes) -> None:
    with open(
        os.open(folder / name, os.O_CREAT | os.O_WRONLY, 0o600 if name.endswith("key") else 0o644), "wb"
    ) as file:
        file.write(content)


def _run(dsn: str, statement: str) -> None:
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def _ready(dsn: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with suppress(psycopg2.OperationalError):
            psycopg2.connect(dsn).close()
            return
        time.sleep(0.05)
    pytest.fail(f"PostgreSQL with TLS didn't start:\n{log.read_text(errors='replace')[-2000:]}")
