"""The vault on a real PostgreSQL: what it keeps, what it forgets, and who can't read it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psycopg2
import pytest

from domain.ports import NumberDatabase, PersonalData, Vault
from infra.postgres.connect import APP_ROLE, VAULT_ROLE, connect
from infra.vault.keyring import Keyring
from infra.vault.mcdb import FileNumbers
from infra.vault.sealing import Seal, VaultKeyWrong
from infra.vault.store import PostgresVault
from tests.conftest import MASTER_KEY

OTHER_KEY = bytes(range(1, 33))


def person(number: int, surname: str = "Әбдірахманова") -> PersonalData:
    return PersonalData(f"{number:012d}", surname, "Айгүл", "Серікқызы", "1990-02-28")


def rows(dsn: str, query: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    connection = connect(dsn, role=VAULT_ROLE)
    try:
        with connection.cursor() as cursor:
            cursor.execute(query, parameters)
            return cursor.fetchall()
    finally:
        connection.close()


def at_once(*works: Callable[[], object]) -> list[object]:
    """Run `works` in threads that set off together; their answers."""
    answers: list[object] = [None] * len(works)
    ready = threading.Barrier(len(works))

    def run(place: int) -> None:
        ready.wait()
        try:
            answers[place] = works[place]()
        except Exception as error:
            answers[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_it_is_the_domains_vault(vault: PostgresVault) -> None:
    port: Vault = vault
    numbers: NumberDatabase = FileNumbers(vault, [])
    assert port.people([]) == {}
    assert numbers.numbers_of([]) == {}


def test_a_person_keeps_one_subject_however_often_they_come(vault: PostgresVault) -> None:
    first = vault.enrol([person(1), person(2), person(1)])
    again = vault.enrol([person(2), person(3), person(1)])
    assert first[0] == first[2] != first[1]
    assert again[0] == first[1]
    assert again[2] == first[0]
    assert all(len(subject) == 32 and int(subject, 16) for subject in first + again)
    assert vault.find_person(person(3).iin) == again[1]
    assert vault.find_person("000000000009") is None


def test_subjects_say_nothing_of_the_person(database: str, vault: PostgresVault) -> None:
    (subject,) = vault.enrol([person(1)])
    vault.erase(subject)
    assert vault.enrol([person(1)]) != [subject]


def test_changed_data_replace_the_old(vault: PostgresVault) -> None:
    (subject,) = vault.enrol([person(1)])
    assert vault.enrol([person(1, "Оспанова")]) == [subject]
    assert vault.people([subject, "f" * 32, "nobody", "' OR 1=1"]) == {subject: person(1, "Оспанова")}


def test_of_two_rows_of_one_person_the_later_counts(vault: PostgresVault) -> None:
    subject, _ = vault.enrol([person(1, "Бірінші"), person(1, "Екінші")])
    assert vault.people([subject])[subject].surname == "Екінші"


def test_nobody_without_people_is_enrolled(vault: PostgresVault) -> None:
    assert vault.enrol([]) == []
    vault.set_phones({})
    vault.note_asked([])
    assert vault.wallet_tokens([]) == {}


def test_two_imports_of_the_same_new_people_agree(database: str) -> None:
    vaults = [PostgresVault(database, MASTER_KEY) for _ in range(4)]
    people = [person(number) for number in range(300)]
    answers = at_once(
        *(
            lambda vault=vault, turn=turn: vault.enrol(people[turn:] + people[:turn])
            for turn, vault in enumerate(vaults)
        )
    )
    subjects = answers[0]
    assert isinstance(subjects, list)
    assert len(set(subjects)) == 300
    for turn, answer in enumerate(answers):
        assert answer == subjects[turn:] + subjects[:turn]
    for vault in vaults:
        vault.close()


def test_two_openings_of_an_empty_vault_agree_on_its_keys(database: str) -> None:
    answers = at_once(*(lambda: PostgresVault(database, MASTER_KEY).digest("x", "y") for _ in range(4)))
    assert len(set(answers)) == 1
    assert isinstance(answers[0], str)


def test_phones_are_kept_and_replaced(vault: PostgresVault) -> None:
    one, two = vault.enrol([person(1), person(2)])
    vault.set_phones({one: "+77010000001", two: "+77010000002"})
    vault.set_phones({two: "+77010000003", "e" * 32: "+77010000009"})
    assert vault.phones([one, two, "e" * 32, "?"]) == {one: "+77010000001", two: "+77010000003"}


def test_families_keep_their_subject_and_can_be_named_again(vault: PostgresVault) -> None:
    subjects = vault.families(["A-1", "B-2", "A-1"])
    assert subjects[0] == subjects[2] != subjects[1]
    assert vault.families(["B-2"]) == [subjects[1]]
    assert vault.find_family("A-1") == subjects[0]
    assert vault.find_family("\ud800") is None
    assert vault.family_references([*subjects, "d" * 32]) == {subjects[0]: "A-1", subjects[1]: "B-2"}


def test_families_made_at_once_agree(database: str) -> None:
    vaults = [PostgresVault(database, MASTER_KEY) for _ in range(3)]
    references = [f"F-{number}" for number in range(200)]
    answers = at_once(
        *(
            lambda v=v, back=back: v.families(references[::back])[::back]
            for v, back in zip(vaults, (1, -1, 1), strict=True)
        )
    )
    assert answers[0] == answers[1] == answers[2]
    for vault in vaults:
        vault.close()


def test_streams_asked_on_a_phone_come_in_order_and_once(vault: PostgresVault) -> None:
    one, other = vault.enrol([person(1), person(2)])
    vault.note_asked([("+77010000001", "b", one), ("+77010000001", "a", other), ("+77010000002", "c", other)])
    vault.note_asked([("+77010000001", "a", other), ("+77010000001", "d", one)])
    assert vault.asked_on(["+77010000001", "+77010000003"]) == {"+77010000001": ["b", "a", "d"]}


def test_O5_2_an_erasure_leaves_no_trace_of_the_phone(database: str, vault: PostgresVault) -> None:
    """Nor of a number of before; the other family on the number is still known by it (docs/adr/0006)."""
    gone, stays = vault.enrol([person(1), person(2)])
    vault.set_phones({gone: "+77010000001", stays: "+77010000001"})
    vault.note_asked([("+77010000001", "a", gone), ("+77010000001", "b", stays), ("+77010000009", "c", gone)])

    vault.erase(gone)

    assert vault.asked_on(["+77010000001", "+77010000009"]) == {"+77010000001": ["b"]}
    # and a sender that had read the number before the erasure notes nothing after it
    vault.note_asked([("+77010000001", "d", gone), ("+77010000001", "e", stays)])
    assert vault.asked_on(["+77010000001"]) == {"+77010000001": ["b", "e"]}


def test_O5_2_an_erasure_takes_along_what_was_noted_without_a_subject(
    database: str, vault: PostgresVault
) -> None:
    (gone,) = vault.enrol([person(1)])
    vault.set_phones({gone: "+77010000001"})
    vault.note_asked([("+77010000001", "a", gone)])
    connection = connect(database, role=VAULT_ROLE, autocommit=True)
    connection.cursor().execute("UPDATE vault.asked SET subject = NULL")
    connection.close()

    vault.erase(gone)

    assert vault.asked_on(["+77010000001"]) == {}


def test_R23_a_wallet_token_stays_the_same(vault: PostgresVault) -> None:
    tokens = vault.wallet_tokens(["s1", "s2", "s1"])
    assert vault.wallet_tokens(["s1", "s2"]) == tokens
    assert len(set(tokens.values())) == 2
    assert all(len(token) == 16 and token.isascii() and token.isalnum() for token in tokens.values())
    assert vault.stream_of_token(tokens["s2"]) == "s2"
    assert vault.stream_of_token("x\0'") is None


def test_a_digest_is_keyed_and_told_apart_by_kind(database: str, vault: PostgresVault) -> None:
    assert vault.digest("reply", "x") == PostgresVault(database, MASTER_KEY).digest("reply", "x")
    assert vault.digest("reply", "x") != vault.digest("iin", "x")
    assert len(vault.digest("reply", "\ud800")) == 32


def test_nothing_personal_lies_open_in_the_tables(database: str, vault: PostgresVault) -> None:
    (subject,) = vault.enrol([person(870101300123)])
    vault.set_phones({subject: "+77017654321"})
    vault.note_asked([("+77017654321", "stream", subject)])
    vault.families(["FAMILY-7"])
    (token,) = vault.wallet_tokens(["stream"]).values()

    kept = ""
    for table in ("master_key", "person", "phone", "family", "asked", "wallet_token"):
        for (row,) in rows(database, f"SELECT row_to_json(t)::text FROM vault.{table} t"):
            kept += row
    for secret in ("870101300123", "Әбдірахманова", "Айгүл", "1990-02-28", "77017654321", "FAMILY-7", token):
        assert secret not in kept
        assert secret.encode().hex() not in kept


def test_O5_2_the_app_role_has_no_way_in(database: str, vault: PostgresVault) -> None:
    app = connect(database, role=APP_ROLE, autocommit=True)
    with app.cursor() as cursor:
        for table in ("master_key", "person", "phone", "family", "asked", "wallet_token"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(f"SELECT * FROM vault.{table}")
        cursor.execute(
            "SELECT has_schema_privilege('azyq_app', 'vault', 'USAGE'),"
            " pg_has_role('azyq_app', 'azyq_vault', 'MEMBER')"
        )
        assert cursor.fetchone() == (False, False)
    app.close()


def test_O5_2_what_was_erased_can_never_be_read_again(database: str, vault: PostgresVault) -> None:
    gone, stays = vault.enrol([person(1), person(2)])
    vault.set_phones({gone: "+77010000001", stays: "+77010000002"})
    ((data, wrapped),) = rows(
        database, "SELECT data, wrapped_key FROM vault.person WHERE subject = %s", (gone,)
    )
    ((phone,),) = rows(database, "SELECT phone FROM vault.phone WHERE subject = %s", (gone,))
    ((other_key,),) = rows(database, "SELECT wrapped_key FROM vault.person WHERE subject = %s", (stays,))
    master = Seal(MASTER_KEY)
    its_key = Seal(master.open(bytes(wrapped), f"key {gone}".encode()))
    assert its_key.open(bytes(phone), f"phone {gone}".encode()) == b"+77010000001"

    vault.erase(gone)
    vault.erase(gone)
    vault.erase("not a subject")
    vault.set_phones({gone: "+77010000001"})

    assert vault.people([gone, stays]) == {stays: person(2)}
    assert vault.phones([gone, stays]) == {stays: "+77010000002"}
    assert vault.find_person(person(1).iin) is None
    kept = "".join(
        row
        for table in ("person", "phone")
        for (row,) in rows(database, f"SELECT row_to_json(t)::text FROM vault.{table} t")
    )
    assert bytes(wrapped).hex() not in kept
    assert bytes(phone).hex() not in kept
    assert bytes(data).hex() not in kept
    # Of all the keys that are left none opens the old ciphertext, whatever it is said to be about.
    keys = [MASTER_KEY, master.open(bytes(other_key), f"key {stays}".encode())]
    for key in keys:
        for sealed, about in ((data, "data"), (phone, "phone")):
            for subject in (gone, stays):
                with pytest.raises(VaultKeyWrong):
                    Seal(key).open(bytes(sealed), f"{about} {subject}".encode())


def test_one_persons_record_does_not_open_as_anothers(database: str, vault: PostgresVault) -> None:
    one, two = vault.enrol([person(1), person(2)])
    connection = connect(database, role=VAULT_ROLE, autocommit=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE vault.person a SET wrapped_key = b.wrapped_key, data = b.data FROM vault.person b"
            " WHERE a.subject = %s AND b.subject = %s",
            (one, two),
        )
    connection.close()
    with pytest.raises(VaultKeyWrong):
        vault.people([one])


def test_a_wrong_master_key_is_told_at_once(database: str, vault: PostgresVault) -> None:
    with pytest.raises(VaultKeyWrong, match="AZYQ_MASTER_KEY"):
        PostgresVault(database, OTHER_KEY)
    with pytest.raises(ValueError, match="32 bytes"):
        PostgresVault(database, b"short")


def test_lookups_and_data_outlive_the_master_key(database: str, vault: PostgresVault) -> None:
    subjects = vault.enrol([person(number) for number in range(20)])
    vault.set_phones({subjects[3]: "+77010000003"})
    family = vault.families(["A-1"])
    token = vault.wallet_tokens(["s"])

    vault.rotate_master_key(OTHER_KEY)

    with pytest.raises(VaultKeyWrong):
        PostgresVault(database, MASTER_KEY)
    for after in (vault, PostgresVault(database, OTHER_KEY)):
        assert after.enrol([person(number) for number in range(20)]) == subjects
        assert after.phones(subjects) == {subjects[3]: "+77010000003"}
        assert after.families(["A-1"]) == family
        assert after.wallet_tokens(["s"]) == token
        assert after.enrol([person(100)]) == after.enrol([person(100)])
    assert rows(database, "SELECT count(*), count(wrapped_other) FROM vault.master_key") == [(1, 0)]


def test_a_change_of_master_key_cut_short_is_readable_and_goes_on(
    database: str, vault: PostgresVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [person(number) for number in range(4500)]
    subjects = vault.enrol(people)
    bystander = PostgresVault(database, MASTER_KEY)
    rewrap = PostgresVault._rewrap
    batches: list[str] = []

    def cut_short(self: PostgresVault, cursor: Any, after: str, newest: int) -> str | None:
        if batches:
            raise KeyboardInterrupt
        batches.append(after)
        return rewrap(self, cursor, after, newest)

    monkeypatch.setattr(PostgresVault, "_rewrap", cut_short)
    with pytest.raises(KeyboardInterrupt):
        vault.rotate_master_key(OTHER_KEY)
    monkeypatch.undo()

    assert rows(database, "SELECT master_id, count(*) FROM vault.person GROUP BY 1 ORDER BY 1") == [
        (1, 2500),
        (2, 2000),
    ]
    with_new = PostgresVault(database, OTHER_KEY)
    for reader in (bystander, PostgresVault(database, MASTER_KEY), with_new):
        assert len(reader.people(subjects)) == 4500
    new_subject = bystander.enrol([person(9000)])
    assert with_new.people(new_subject) == {new_subject[0]: person(9000)}
    with pytest.raises(VaultKeyWrong, match="isn't finished"):
        with_new.rotate_master_key(bytes(32))

    with_new.rotate_master_key(OTHER_KEY)

    assert rows(database, "SELECT DISTINCT master_id FROM vault.person") == [(2,)]
    assert len(PostgresVault(database, OTHER_KEY).people(subjects)) == 4500
    assert bystander.people(new_subject) == {new_subject[0]: person(9000)}


def test_a_process_that_slept_through_a_change_is_told_to_start_again(
    database: str, vault: PostgresVault
) -> None:
    sleeper = PostgresVault(database, MASTER_KEY)
    subjects = vault.enrol([person(1)])
    vault.rotate_master_key(OTHER_KEY)
    with pytest.raises(VaultKeyWrong):
        sleeper.people(subjects)
    with pytest.raises(VaultKeyWrong):
        sleeper.enrol([person(2)])
    with pytest.raises(VaultKeyWrong):
        sleeper.try_key()
    vault.try_key()


def test_a_key_is_tried_against_what_it_wraps(database: str, vault: PostgresVault) -> None:
    vault.try_key()
    # Who opened the vault while its key was being changed has both keys, and goes on with the new one.
    vault.connections.run(lambda cursor: vault._keys.begin_change(cursor, OTHER_KEY))
    bystander = PostgresVault(database, MASTER_KEY)
    PostgresVault(database, OTHER_KEY).rotate_master_key(OTHER_KEY)
    bystander.try_key()
    vault.try_key()
    # A vault put back from another installation's backup, or emptied, isn't the one that was opened.
    other = Keyring(vault.connections, OTHER_KEY)
    connection = connect(database, role=VAULT_ROLE, autocommit=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE vault.master_key SET wrapped_root = %s", (Seal(bytes(32)).close(bytes(32), b"root 2"),)
        )
        with pytest.raises(VaultKeyWrong):
            other.try_key()
        cursor.execute("DELETE FROM vault.master_key")
        with pytest.raises(VaultKeyWrong):
            other.try_key()
        cursor.execute("SELECT count(*) FROM vault.master_key")
        assert cursor.fetchone() == (0,)
    connection.close()


def test_it_goes_on_after_its_connections_were_cut(database: str, vault: PostgresVault) -> None:
    subjects = vault.enrol([person(1)])
    owner = connect(database, autocommit=True)
    with owner.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = 'azyq-vault' AND datname = current_database()"
        )
        assert (True,) in cursor.fetchall()
    owner.close()
    assert vault.enrol([person(1)]) == subjects


def test_R16_numbers_from_a_file_and_the_later_pair_wins(vault: PostgresVault) -> None:
    pairs = [
        ("000000000001", "+77010000001"),
        ("000000000002", "87010000002"),
        ("000000000001", "+77010000009"),
    ]
    with FileNumbers(vault, iter(pairs)) as numbers:
        assert numbers.numbers_of(["000000000001", "000000000003", "000000000002", "\ud800"]) == {
            "000000000001": "+77010000009",
            "000000000002": "87010000002",
        }


def test_O5_2_no_statement_of_the_vault_carries_personal_data(
    vault: PostgresVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    run = type(vault.connections).run

    def listening(self: Any, work: Any) -> Any:
        def watched(cursor: Any) -> Any:
            try:
                return work(cursor)
            finally:
                seen.append(str(cursor.query))

        return run(self, watched)

    monkeypatch.setattr(type(vault.connections), "run", listening)
    (subject,) = vault.enrol([person(870101300123)])
    vault.set_phones({subject: "+77017654321"})
    vault.note_asked([("+77017654321", "stream", subject)])
    vault.find_person("870101300123")
    vault.asked_on(["+77017654321"])
    vault.families(["FAMILY-7"])
    assert seen
    assert not [
        said for said in seen if "870101300123" in said or "77017654321" in said or "FAMILY-7" in said
    ]


def test_keys_of_a_vault_come_from_no_other(database: str, vault: PostgresVault) -> None:
    again = Keyring(vault.connections, MASTER_KEY)
    assert again.lookup("person", "1") == vault._keys.lookup("person", "1")
    assert again.lookup("person", "1") != again.lookup("family", "1")
