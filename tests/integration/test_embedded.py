"""The embedded PostgreSQL: odd paths, several processes, sudden deaths, and users other than root."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import psycopg2
import pytest

from domain.cycle import StrayReply
from infra.clock import real_clock
from infra.postgres import embedded
from infra.postgres.connect import APP_ROLE, connect, eventsourcing_env
from infra.postgres.embedded import EmbeddedPostgres, EmbeddedUnavailable
from infra.postgres.log import PostgresLog
from infra.postgres.schema import MIGRATIONS, SchemaError, migrate, status
from tests.conftest import new_database

ROOT = Path(__file__).resolve().parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="takes root")

# Starts, says so, and leaves when its standard input ends.
USER = """
import sys
from pathlib import Path
from infra.postgres.embedded import EmbeddedPostgres
postgres = EmbeddedPostgres(Path(sys.argv[1]))
print(postgres.start(), flush=True)
sys.stdin.read()
postgres.release()
"""


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder that no one but this user may enter."""
    with tempfile.TemporaryDirectory(prefix="azyq-e-") as folder:
        yield Path(folder) / "data"


def ask(dsn: str, query: str) -> object:
    connection = connect(dsn, autocommit=True)
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            return (cursor.fetchone() or (None,))[0]
    finally:
        connection.close()


def another(data: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", USER, str(data)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def leave(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.close()
    assert process.wait(60) == 0
    assert process.stdout
    process.stdout.close()


def postmaster(data: Path) -> int:
    return int((data / "postgres" / "postmaster.pid").read_text().split()[0])


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_it_is_durable_and_reached_by_its_socket_only(data: Path) -> None:
    with EmbeddedPostgres(data) as dsn:
        for setting, value in {
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "data_checksums": "on",
            "listen_addresses": "",
            "server_encoding": "UTF8",
            "TimeZone": "UTC",
            "jit": "off",
        }.items():
            assert ask(dsn, f"SHOW {setting}") == value
        assert ask(dsn, "SELECT current_database() || ' ' || current_user") == "azyq azyq"
        assert ask(dsn, "SELECT lower('ӘҒҚ')") == "әғқ"
        folder = Path(str(ask(dsn, "SHOW unix_socket_directories")).strip('"'))
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not (data / "postgres" / "postmaster.pid").exists()
    assert not folder.exists()


def test_what_was_written_is_there_at_the_next_start(data: Path) -> None:
    postgres = EmbeddedPostgres(data)
    ask(postgres.start(), "CREATE TABLE t AS SELECT 42 AS n; SELECT 1")
    postgres.release()
    postgres.release()
    assert ask(postgres.start(), "SELECT n FROM t") == 42
    postgres.release()


@pytest.mark.parametrize("name", ["a folder", "Деректер қоры", 'it\'s $HOME `id` "x" 100%', "x" * 200])
def test_any_path_will_do(data: Path, name: str) -> None:
    with EmbeddedPostgres(data / name) as dsn:
        assert ask(dsn, "SELECT 1") == 1


def test_a_temporary_folder_with_odd_or_long_name(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tmp, 'қысқа' \"x\"", "y" * 120):
        folder = data.parent / name
        folder.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        with EmbeddedPostgres(data) as dsn:
            assert ask(dsn, "SELECT 1") == 1


def test_the_callers_postgres_environment_does_not_matter(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PGPORT": "6000", "PGDATA": "/nowhere", "PGUSER": "x", "PGHOST": "::1"}.items():
        monkeypatch.setenv(name, value)
    with EmbeddedPostgres(data) as dsn:
        assert ask(dsn, "SELECT 1") == 1


def test_processes_share_one_postmaster_and_the_last_to_leave_stops_it(data: Path) -> None:
    first = another(data)
    dsn = said(first)
    pid = postmaster(data)
    second = another(data)
    assert said(second) == dsn
    assert postmaster(data) == pid
    leave(first)
    assert ask(dsn, "SELECT 1") == 1
    leave(second)
    assert not (data / "postgres" / "postmaster.pid").exists()
    with pytest.raises(psycopg2.OperationalError):
        connect(dsn)


def test_first_starts_at_the_same_moment(data: Path) -> None:
    processes = [another(data) for _ in range(3)]
    answers = {said(process) for process in processes}
    assert len(answers) == 1
    assert ask(answers.pop(), "SELECT 1") == 1
    for process in processes:
        leave(process)
    assert not (data / "postgres" / "postmaster.pid").exists()


def test_two_of_one_process_are_two_users(data: Path) -> None:
    one, two = EmbeddedPostgres(data), EmbeddedPostgres(data)
    dsn = one.start()
    assert two.start() == dsn
    one.release()
    assert ask(dsn, "SELECT 1") == 1
    two.release()
    assert not (data / "postgres" / "postmaster.pid").exists()


def test_a_killed_user_leaves_it_running_and_the_next_one_stops_it(data: Path) -> None:
    killed = another(data)
    dsn = said(killed)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert ask(dsn, "SELECT 1") == 1
    with EmbeddedPostgres(data) as again:
        assert again == dsn
    assert not (data / "postgres" / "postmaster.pid").exists()


def test_a_killed_postmaster_is_recovered(data: Path) -> None:
    first = EmbeddedPostgres(data)
    ask(first.start(), "CREATE TABLE t AS SELECT 42 AS n; SELECT 1")
    os.kill(postmaster(data), signal.SIGKILL)
    with EmbeddedPostgres(data) as dsn:
        assert ask(dsn, "SELECT n FROM t") == 42
    first.release()


def test_a_stale_pid_that_is_another_programs_by_now(data: Path) -> None:
    first = EmbeddedPostgres(data)
    first.start()
    pid = postmaster(data)
    pid_file = data / "postgres" / "postmaster.pid"
    socket_lock = Path(pid_file.read_text().splitlines()[4]) / ".s.PGSQL.5432.lock"
    kept = {path: path.read_text() for path in (pid_file, socket_lock)}
    first.release()
    owner = (data / "postgres").stat().st_uid  # PostgreSQL takes only processes of its own user seriously
    bystander = subprocess.Popen(["sleep", "60"], user=owner if os.geteuid() == 0 else None, cwd="/")
    embedded.socket_folder(data, embedded._account(data / "postgres"))
    for path, text in kept.items():
        path.write_text(text.replace(str(pid), str(bystander.pid), 1))
        shutil.chown(path, owner)
    with EmbeddedPostgres(data) as dsn:
        assert ask(dsn, "SELECT 1") == 1
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_an_initdb_cut_short_is_made_anew(data: Path) -> None:
    (data / "postgres.new" / "base").mkdir(parents=True)
    with EmbeddedPostgres(data) as dsn:
        assert ask(dsn, "SELECT 1") == 1


def test_a_swept_temporary_folder_is_made_again(data: Path) -> None:
    first = EmbeddedPostgres(data)
    first.start()
    shutil.rmtree((data / "postgres" / "postmaster.pid").read_text().splitlines()[4])
    with EmbeddedPostgres(data) as dsn:
        assert ask(dsn, "SELECT 1") == 1
    first.release()


def test_a_start_that_fails_says_why_and_takes_no_hold(data: Path) -> None:
    with EmbeddedPostgres(data):
        pass
    version = data / "postgres" / "PG_VERSION"
    version.write_text("9\n")
    with pytest.raises(EmbeddedUnavailable, match=r"(?s)incompatible.*DATABASE_URL"):
        EmbeddedPostgres(data).start()
    version.write_text("18\n")
    with EmbeddedPostgres(data) as dsn:
        assert ask(dsn, "SELECT 1") == 1


def test_somebody_elses_socket_folder_is_not_used(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = data.parent / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(data.parent))
    account = embedded._account(data / "postgres")
    planted = embedded.socket_folder(data, account)
    planted.rmdir()
    planted.symlink_to(elsewhere)
    with pytest.raises(EmbeddedUnavailable, match="belongs to somebody else"):
        EmbeddedPostgres(data).start()


def test_without_the_wheel_it_names_the_way_round(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EmbeddedUnavailable, match="DATABASE_URL"):
        EmbeddedPostgres(data).start()


def test_errors_are_logged_without_what_they_are_about(data: Path) -> None:
    with EmbeddedPostgres(data) as dsn:
        ask(dsn, "CREATE TABLE t (iin text PRIMARY KEY); INSERT INTO t VALUES ('870101300123'); SELECT 1")
        with pytest.raises(psycopg2.errors.UniqueViolation):
            ask(dsn, "INSERT INTO t VALUES ('870101300123')")
    log = (data / "postgres" / "server.log").read_text()
    assert "duplicate key" in log
    assert "870101300123" not in log


@as_root
def test_root_runs_it_as_another_user_below_folders_only_root_may_enter(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data.mkdir()
    binaries = embedded.find_binaries()
    package = binaries.parents[1]
    copied = data.parent / "site" / package.name / binaries.parent.name
    shutil.copytree(binaries.parent, copied, symlinks=True, ignore=shutil.ignore_patterns("*.a", "include"))
    libraries = package.with_name(package.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, data.parent / "site" / libraries.name)
    for folder in (data.parent, data):
        folder.chmod(0o700)
    monkeypatch.setattr(embedded, "find_binaries", lambda: copied / "bin")

    with EmbeddedPostgres(data) as dsn:
        assert ask(dsn, "SELECT 1") == 1
        assert Path(f"/proc/{postmaster(data)}").stat().st_uid != 0

    assert (data.parent.stat().st_mode & 0o777, data.stat().st_mode & 0o777) == (0o700, 0o700)


@as_root
def test_an_ordinary_user_runs_it_as_himself(tmp_path_factory: pytest.TempPathFactory) -> None:
    nobody = pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory(prefix="azyq-n-") as folder:
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        become = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
        reach = subprocess.run([*become, "test", "-r", str(embedded.find_binaries())], check=False)
        if reach.returncode != 0:  # the checkout lies in a folder of root's alone: let him read there
            capability = "+dac_read_search"
            become += [
                f"--inh-caps={capability}",
                f"--ambient-caps={capability}",
                "--securebits=+no_setuid_fixup",
            ]
        process = subprocess.Popen(
            [*become, sys.executable, "-c", USER, f"{folder}/data"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert ask(said(process), "SELECT 1") == 1
        assert Path(f"/proc/{postmaster(Path(folder) / 'data')}").stat().st_uid == nobody.pw_uid
        leave(process)


def test_migrations_are_applied_once_and_told(postgres_dsn: str) -> None:
    with new_database(postgres_dsn) as dsn:
        names = [name for name, _ in MIGRATIONS]
        assert status(dsn) == [(name, None) for name in names]
        assert migrate(dsn) == names
        assert migrate(dsn) == []
        assert all(at is not None and at.tzinfo is not None for _, at in status(dsn))


def test_migrations_at_once_take_turns(postgres_dsn: str) -> None:
    script = "import sys; from infra.postgres.schema import migrate; print(len(migrate(sys.argv[1])))"
    with new_database(postgres_dsn) as one, new_database(postgres_dsn) as two:
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", script, dsn],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for dsn in (one, one, two, two)
        ]
        said = [process.communicate(timeout=60) for process in processes]
        counts = [int(out) for out, _ in said]
        assert counts[0] + counts[1] == counts[2] + counts[3] == len(MIGRATIONS)


def test_a_failed_migration_leaves_nothing(postgres_dsn: str) -> None:
    with new_database(postgres_dsn) as dsn:
        bad = [("good", "CREATE TABLE kept (n int)"), ("bad", "CREATE TABLE gone (n int); SELECT 1/0")]
        with pytest.raises(psycopg2.errors.DivisionByZero):
            migrate(dsn, bad)
        assert [name for name, at in status(dsn, bad) if at] == ["good"]
        assert ask(dsn, "SELECT to_regclass('gone') IS NULL AND to_regclass('kept') IS NOT NULL") is True


def test_a_user_without_rights_is_told_what_an_administrator_does(postgres_dsn: str) -> None:
    with new_database(postgres_dsn) as dsn:
        ask(
            dsn,
            "DROP ROLE IF EXISTS azyq_test_clerk; CREATE ROLE azyq_test_clerk LOGIN PASSWORD 'x'; SELECT 1",
        )
        clerk = psycopg2.extensions.make_dsn(dsn, user="azyq_test_clerk", password="x")
        with pytest.raises(SchemaError, match="CREATE ROLE azyq_app"):
            migrate(clerk)
        # With the roles granted and the database his own he needs no right to make roles.
        ask(dsn, "GRANT azyq_app, azyq_vault TO azyq_test_clerk; SELECT 1")
        name = psycopg2.extensions.parse_dsn(dsn)["dbname"]
        ask(dsn, f'GRANT CREATE ON DATABASE "{name}" TO azyq_test_clerk; SELECT 1')
        assert migrate(clerk) == [name for name, _ in MIGRATIONS]
        ask(dsn, "DROP OWNED BY azyq_test_clerk CASCADE; SELECT 1")
        ask(dsn, "DROP ROLE azyq_test_clerk; SELECT 1")


def test_the_librarys_environment_reaches_the_same_database_as_our_role(database: str) -> None:
    from eventsourcing.application import Application
    from eventsourcing.postgres import PostgresApplicationRecorder

    env = eventsourcing_env(database)
    assert env["POSTGRES_ENABLE_DB_FUNCTIONS"] == "n"
    assert int(env["POSTGRES_LOCK_TIMEOUT"]) > 0
    application = Application[UUID](env=env)
    recorder = application.recorder
    assert isinstance(recorder, PostgresApplicationRecorder)
    assert recorder.datastore.enable_db_functions is False
    with recorder.datastore.transaction() as cursor:
        cursor.execute("SELECT current_user AS who, current_database() AS where_")
        row = cursor.fetchone()
    assert row == {"who": APP_ROLE, "where_": ask(database, "SELECT current_database()")}
    application.close()


def test_any_form_of_database_url_is_understood(database: str) -> None:
    parts = psycopg2.extensions.parse_dsn(database)
    key_value = psycopg2.extensions.make_dsn(**parts)
    with_driver = database.replace("postgresql://", "postgresql+psycopg2://")
    for dsn in (database, key_value, with_driver, database.replace("postgresql://", "postgres://")):
        assert ask(dsn, "SELECT current_database()") == parts["dbname"]
        assert eventsourcing_env(dsn)["POSTGRES_DBNAME"] == parts["dbname"]
    env = eventsourcing_env(
        "postgresql://u%40:p%2Fw@db.example:6543/azyq?sslmode=verify-full&options=-c%20jit%3Doff"
    )
    assert (env["POSTGRES_USER"], env["POSTGRES_PASSWORD"], env["POSTGRES_HOST"]) == (
        "u@",
        "p/w",
        "db.example",
    )
    assert '"sslmode": "verify-full"' in env["AZYQ_POSTGRES_OPTIONS"]
    assert "-c jit=off -c role=azyq_app" in env["AZYQ_POSTGRES_OPTIONS"]


@pytest.mark.parametrize("where", ["PGPASSWORD", "PGPASSFILE", "DATABASE_URL"])
def test_a_password_is_taken_from_wherever_libpq_takes_it(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a server that asks for a password
    with EmbeddedPostgres(tmp_path / "data") as dsn:
        migrate(dsn)
        ask(dsn, "CREATE ROLE clerk LOGIN PASSWORD 'slippery' IN ROLE azyq_app; SELECT 1")
        rules = tmp_path / "data/postgres/pg_hba.conf"
        rules.write_text("local all clerk scram-sha-256\n" + rules.read_text())
        ask(dsn, "SELECT pg_reload_conf()")
        clerk = dsn.replace("//azyq@", "//clerk@")
        with pytest.raises(psycopg2.OperationalError, match="password"):
            connect(clerk)
        # when it is given in any of the ways
        if where == "DATABASE_URL":
            clerk = dsn.replace("//azyq@", "//clerk:slippery@")
        elif where == "PGPASSWORD":
            monkeypatch.setenv("PGPASSWORD", "slippery")
        else:
            passwords = tmp_path / "passwords"
            passwords.write_text("*:*:*:clerk:slippery\n")
            passwords.chmod(0o600)
            monkeypatch.setenv("PGPASSFILE", str(passwords))
        # then the log is written and read with it
        log = PostgresLog(clerk)
        stray = StrayReply.receive(reply="a" * 32, channel="http", answer="yes", at=real_clock())
        log.save(stray)
        assert stray.id in log.load([stray.id])
        log.close()
