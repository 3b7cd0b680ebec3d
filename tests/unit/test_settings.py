"""Settings: what is refused and how it is said, and the keys a trial makes for itself."""

from __future__ import annotations

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from infra.settings import Settings, trial_key

KEY = base64.b64encode(bytes(range(32))).decode()
PRODUCTION = {
    "AZYQ_ENV": "production",
    "DATABASE_URL": "postgresql://azyq@db/azyq",
    "AZYQ_MASTER_KEY": KEY,
    "AZYQ_QR_KEY": KEY,
    "AZYQ_SMS_SECRET": f"whsec_{KEY}",
    "AZYQ_SMS_GATEWAY": "kannel:http://user:pass@127.0.0.1:13013/cgi-bin/sendsms",
}


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields.values():
        monkeypatch.delenv(str(field.alias), raising=False)


def test_production_with_all_it_needs_starts() -> None:
    assert settings(**PRODUCTION).env == "production"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"AZYQ_CLOCK": "2025-07-05T09:00:00+05:00"}, "AZYQ_CLOCK is a trial clock"),
        ({"AZYQ_MASTER_KEY": None}, "AZYQ_MASTER_KEY is unset"),
        ({"AZYQ_QR_KEY": None}, "AZYQ_QR_KEY is unset"),
        ({"AZYQ_QR_KEY": ""}, "AZYQ_QR_KEY is unset"),
        ({"AZYQ_SMS_SECRET": None}, "AZYQ_SMS_SECRET is unset"),
        ({"AZYQ_SMS_GATEWAY": "outbox:"}, "AZYQ_SMS_GATEWAY is the outbox"),
        ({"AZYQ_SMS_GATEWAY": " outbox: "}, "AZYQ_SMS_GATEWAY is the outbox"),
        ({"DATABASE_URL": None}, "DATABASE_URL is unset"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is unset"),
    ],
)
def test_production_refuses_what_is_for_trials(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        settings(**{**PRODUCTION, **change})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AZYQ_ENV", "staging"),
        ("AZYQ_CLOCK", "2025-07-05T09:00:00"),
        ("AZYQ_CLOCK", "yesterday"),
        ("AZYQ_SMS_PER_SECOND", "0"),
        ("AZYQ_SMS_PER_SECOND", "many"),
        ("AZYQ_SMS_UNKNOWN_AFTER_SECONDS", "-1"),
        ("AZYQ_LISTEN", "8080"),
        ("AZYQ_LISTEN", "localhost:"),
        ("AZYQ_LISTEN", "localhost:99999"),
        ("AZYQ_LISTEN", "localhost:８０"),
        ("AZYQ_SMS_SECRET", "hidden"),
        ("AZYQ_SMS_SECRET", "whsec_hidden+hidden"),
        ("AZYQ_SMS_SECRET", "whsec_ә"),
        ("AZYQ_PUBLIC_URL", "foo"),
        ("AZYQ_PUBLIC_URL", "ftp://azyq.example"),
        ("AZYQ_PUBLIC_URL", "https://"),
        ("AZYQ_PUBLIC_URL", "https://azyq example/"),
        ("AZYQ_PUBLIC_URL", "https://azyq.example:99999"),
        ("AZYQ_DATA", __file__),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "postgresql://user:hidden@[broken/x"),
    ],
)
def test_what_can_not_be_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as refusal:
        settings()
    (problem,) = refusal.value.errors()
    assert problem["loc"] == (name,)
    assert "hidden" not in str(refusal.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "https://azyq.example/kz/", "HTTPS://azyq.example"])
def test_an_address_for_the_outside_is_taken(url: str) -> None:
    assert settings(AZYQ_PUBLIC_URL=url).public_url == url.rstrip("/")


def test_what_is_set_to_nothing_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields.values():
        monkeypatch.setenv(str(field.alias), "")
    found = Settings(_env_file=None)
    assert found == settings()
    assert found.data == Path(".azyq")


def test_an_env_file_that_is_no_text_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes("AZYQ_LANG=қ".encode("utf-16"))
    with pytest.raises(ValueError, match=r"^\.env is not in UTF-8$"):
        Settings()


def test_an_env_file_is_read_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("AZYQ_LISTEN=127.0.0.1:9000\nAZYQ_SMS_PER_SECOND=7\nSOMETHING_ELSE=1\n")
    monkeypatch.setenv("AZYQ_SMS_PER_SECOND", "8")
    found = Settings()
    assert (found.listen, found.sms_per_second) == ("127.0.0.1:9000", 8)
    assert found.public_url == "http://127.0.0.1:9000"


@pytest.mark.parametrize(
    "url", ["postgresql://u:p@h:5432/d", "postgresql+psycopg2://u@h/d", "host=h dbname=d"]
)
def test_addresses_of_every_usual_form_are_taken(url: str) -> None:
    assert settings(DATABASE_URL=url).database_url == url


def test_a_key_comes_as_text_or_as_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(KEY + "\n")
    for given in (KEY, str(file)):
        assert settings(AZYQ_MASTER_KEY=given).master_key_bytes() == bytes(range(32))


@pytest.mark.parametrize("given", ["short", "AAAA", "", "👍", KEY + KEY])
def test_a_key_that_is_none_is_refused_without_being_told(given: str) -> None:
    with pytest.raises(ValueError, match="AZYQ_MASTER_KEY") as refusal:
        settings(AZYQ_MASTER_KEY=given).master_key_bytes()
    assert len(given) < 5 or given not in str(refusal.value)


def test_the_keys_of_the_qr_are_one_or_more_files_or_texts(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(base64.b64encode(bytes(32)).decode() + "\n")
    assert settings(AZYQ_QR_KEY=KEY).qr_seeds() == [bytes(range(32))]
    assert settings(AZYQ_QR_KEY=f" {file}, {KEY},").qr_seeds() == [bytes(32), bytes(range(32))]


@pytest.mark.parametrize("given", ["short", f"{KEY},AAAA", "👍", f"{KEY};{KEY}"])
def test_a_key_of_the_qr_that_is_none_is_refused_without_being_told(given: str) -> None:
    with pytest.raises(ValueError, match="AZYQ_QR_KEY") as refusal:
        settings(AZYQ_QR_KEY=given).qr_seeds()
    assert KEY not in str(refusal.value)


def test_R2_23_a_trial_makes_a_key_of_the_qr_once(tmp_path: Path) -> None:
    seeds = settings(AZYQ_DATA=tmp_path / "data").qr_seeds()
    assert [len(seed) for seed in seeds] == [32]
    assert settings(AZYQ_DATA=tmp_path / "data", AZYQ_QR_KEY=" , ").qr_seeds() == seeds
    assert stat.S_IMODE((tmp_path / "data" / "keys" / "qr.key").stat().st_mode) == 0o600


def test_a_trial_makes_its_keys_once_for_its_owner_only(tmp_path: Path) -> None:
    found = settings(AZYQ_DATA=tmp_path / "data")
    secret = found.sms_secret_text()
    assert secret == settings(AZYQ_DATA=tmp_path / "data").sms_secret_text()
    assert secret.startswith("whsec_")
    assert found.kannel_token() == settings(AZYQ_DATA=tmp_path / "data").kannel_token()
    assert found.kannel_token() not in secret
    assert stat.S_IMODE((tmp_path / "data" / "keys" / "sms.key").stat().st_mode) == 0o600
    assert found.master_key_bytes() != base64.b64decode(secret.removeprefix("whsec_"))


def test_keys_made_at_once_are_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: trial_key(tmp_path / "keys" / "master.key"), range(16)))
    assert len(keys) == 1
