"""Settings, from the environment or a `.env` file; the names and meanings are the contract's."""

from __future__ import annotations

import base64
import hmac
import os
import re
import secrets
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from infra.postgres.connect import clean_dsn
from infra.sms.webhooks import secret_bytes

ROOT = Path(__file__).resolve().parent.parent
SHORTEST_SECRET = 24  # as Standard Webhooks has it


class Settings(BaseSettings):
    """What an installation chooses. Raises pydantic.ValidationError naming the setting and the reason."""

    # In a file of settings, or a service's, a line left empty sets nothing.
    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
        populate_by_name=True,
    )

    database_url: str | None = Field(default=None, alias="DATABASE_URL")
    kafka_bootstrap_servers: str | None = Field(default=None, alias="KAFKA_BOOTSTRAP_SERVERS")
    kafka_partitions: int = Field(default=6, alias="AZYQ_KAFKA_PARTITIONS", ge=1, le=1000)
    kafka_replication: int = Field(default=1, alias="AZYQ_KAFKA_REPLICATION", ge=1, le=9)
    kafka_min_insync: int = Field(default=1, alias="AZYQ_KAFKA_MIN_INSYNC_REPLICAS", ge=1, le=9)
    kafka_retention_hours: int = Field(default=168, alias="AZYQ_KAFKA_RETENTION_HOURS", ge=1)
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", alias="AZYQ_KAFKA_SECURITY_PROTOCOL"
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512", alias="AZYQ_KAFKA_SASL_MECHANISM"
    )
    kafka_username: str | None = Field(default=None, alias="AZYQ_KAFKA_USERNAME")
    kafka_password: SecretStr | None = Field(default=None, alias="AZYQ_KAFKA_PASSWORD")
    kafka_ca: Path | None = Field(default=None, alias="AZYQ_KAFKA_CA")
    kafka_certificate: Path | None = Field(default=None, alias="AZYQ_KAFKA_CERTIFICATE")
    kafka_key: Path | None = Field(default=None, alias="AZYQ_KAFKA_KEY")
    heartbeat: Path | None = Field(default=None, alias="AZYQ_HEARTBEAT")
    data: Path = Field(default=Path(".azyq"), alias="AZYQ_DATA")
    env: Literal["trial", "production"] = Field(default="trial", alias="AZYQ_ENV")
    clock: datetime | None = Field(default=None, alias="AZYQ_CLOCK")
    master_key: str | None = Field(default=None, alias="AZYQ_MASTER_KEY")
    qr_key: str | None = Field(default=None, alias="AZYQ_QR_KEY")
    seal_key: str | None = Field(default=None, alias="AZYQ_SEAL_KEY")
    sms_gateway: str = Field(default="outbox:", alias="AZYQ_SMS_GATEWAY")
    sms_secret: str | None = Field(default=None, alias="AZYQ_SMS_SECRET")
    sms_per_second: float = Field(default=50.0, alias="AZYQ_SMS_PER_SECOND", gt=0)
    sms_unknown_after_seconds: float = Field(default=600.0, alias="AZYQ_SMS_UNKNOWN_AFTER_SECONDS", ge=0)
    terminal_per_second: float = Field(default=20.0, alias="AZYQ_TERMINAL_PER_SECOND", gt=0)
    staff_per_second: float = Field(default=50.0, alias="AZYQ_STAFF_PER_SECOND", gt=0)
    document_megabytes: int = Field(default=10, alias="AZYQ_DOCUMENT_MEGABYTES", ge=1, le=100)
    audit_at: str = Field(default="03:00", alias="AZYQ_AUDIT_AT")
    trust: Path | None = Field(default=None, alias="AZYQ_TRUST")
    public_address: str | None = Field(default=None, alias="AZYQ_PUBLIC_URL")
    listen: str = Field(default="127.0.0.1:8080", alias="AZYQ_LISTEN")
    programmes: Path = Field(default=ROOT / "programmes", alias="AZYQ_PROGRAMMES")
    services: Path = Field(default=ROOT / "services", alias="AZYQ_SERVICES")
    goods: Path = Field(default=ROOT / "goods" / "goods-list.csv", alias="AZYQ_GOODS")

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except UnicodeDecodeError:
            raise ValueError(".env is not in UTF-8") from None

    @field_validator("database_url")
    @classmethod
    def _database_url_can_be_read(cls, value: str | None) -> str | None:
        if not value:
            return None
        import psycopg2

        try:
            psycopg2.extensions.parse_dsn(clean_dsn(value))
        except psycopg2.Error:
            # Without the driver's reason: it quotes the address, which may hold a password.
            raise ValueError("not an address of PostgreSQL, as postgresql://user:pass@host/name") from None
        return value

    @field_validator("clock")
    @classmethod
    def _clock_has_an_offset(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a trial clock needs an offset, as in 2025-07-05T09:00:00+05:00")
        if value is not None and not 2000 <= value.year < 2100:
            raise ValueError("a trial clock stands between 2000 and 2099")
        return value

    @field_validator("data")
    @classmethod
    def _data_is_a_folder(cls, value: Path) -> Path:
        if value.exists() and not value.is_dir():
            raise ValueError(f"{value} is not a folder")
        return value

    @field_validator("audit_at")
    @classmethod
    def _audit_is_at_a_time_or_off(cls, value: str) -> str:
        text = value.strip().lower()
        if text in ("off", "0") or re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text, re.ASCII):
            return text
        raise ValueError("a time of day as 03:00, in Almaty, or off")

    @field_validator("trust", mode="before")
    @classmethod
    def _unset_trusts_nobody(cls, value: object) -> object:
        return value or None

    @field_validator("trust")
    @classmethod
    def _trust_is_a_folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError(f"{value} is no folder of certificates")
        return value

    @field_validator("sms_secret")
    @classmethod
    def _sms_secret_is_long_enough(cls, value: str | None) -> str | None:
        if value and len(secret_bytes(value)) < SHORTEST_SECRET:
            raise ValueError(f"a webhook secret is whsec_ and base64 of at least {SHORTEST_SECRET} bytes")
        return value

    @field_validator("public_address")
    @classmethod
    def _public_address_is_a_url(cls, value: str | None) -> str | None:
        if not value:
            return None
        try:
            parts = urlsplit(value.strip())
            sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            sound = False
        if not sound or not value.isprintable() or " " in value.strip():
            raise ValueError("an address for the outside begins with http:// or https:// and a host")
        return value.strip()

    @field_validator("listen")
    @classmethod
    def _listen_is_host_and_port(cls, value: str) -> str:
        host, _, port = value.strip().rpartition(":")
        if not host or not (port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65535):
            raise ValueError("an address is host:port, as in 127.0.0.1:8080")
        return value.strip()

    @model_validator(mode="after")
    def _production_takes_nothing_for_granted(self) -> Settings:
        if self.env == "production":
            wrong = [
                name
                for name, bad in (
                    ("AZYQ_CLOCK is a trial clock", self.clock is not None),
                    ("AZYQ_MASTER_KEY is unset", self.master_key is None),
                    ("AZYQ_QR_KEY is unset", not self.qr_key),
                    ("AZYQ_SMS_SECRET is unset", self.sms_secret is None),
                    ("AZYQ_SMS_GATEWAY is the outbox", self.sms_gateway.strip().startswith("outbox")),
                    ("DATABASE_URL is unset", self.database_url is None),
                )
                if bad
            ]
            if wrong:
                raise ValueError("production refuses to start: " + "; ".join(wrong))
        return self

    @property
    def keeps_time(self) -> bool:
        """Whether it is some time: in production, and in a trial whose clock is set; else a trial plays what it is told."""
        return self.env == "production" or self.clock is not None

    @property
    def audit_time(self) -> str | None:
        """When the scheduler audits each night, as HH:MM in Almaty; None where it does not."""
        return None if self.audit_at in ("off", "0") else self.audit_at

    @property
    def public_url(self) -> str:
        """How the outside reaches the API: AZYQ_PUBLIC_URL, else where it listens."""
        return (self.public_address or f"http://{self.listen}").rstrip("/")

    @property
    def largest_document(self) -> int:
        """The most bytes that a document of a case may have."""
        return self.document_megabytes * 1_000_000

    def master_key_bytes(self) -> bytes:
        """The vault's 32-byte master key: AZYQ_MASTER_KEY (a file or base64), else trial's own. Raises ValueError."""
        return self._key(self.master_key, "master.key", "AZYQ_MASTER_KEY")

    def qr_seeds(self) -> list[bytes]:
        """The QR's 32-byte seeds: AZYQ_QR_KEY (files or base64, comma-separated; the first signs, all verify), else
        trial's own. Raises ValueError.
        """
        seeds = self._seeds(self.qr_key, "qr.key", "AZYQ_QR_KEY")
        if not seeds:
            raise ValueError("AZYQ_QR_KEY is unset")
        return seeds

    def seal_seeds(self) -> list[bytes]:
        """The seals' 32-byte seeds: AZYQ_SEAL_KEY, as that of the QR; none in a production that has not set it.

        Raises ValueError.
        """
        return self._seeds(self.seal_key, "seal.key", "AZYQ_SEAL_KEY")

    def _seeds(self, keys: str | None, name: str, setting: str) -> list[bytes]:
        """Keys of `setting`, comma-separated; else a trial's own; else none."""
        given = [one.strip() for one in (keys or "").split(",") if one.strip()]
        if given:
            return [self.given_key(one, setting) for one in given]
        return [] if self.env == "production" else [trial_key(self.data / "keys" / name)]

    def sms_secret_text(self) -> str:
        """The webhook secret in Standard Webhooks' form (`whsec_` + base64)."""
        if self.sms_secret:
            return self.sms_secret
        return "whsec_" + base64.b64encode(self._key(None, "sms.key", "AZYQ_SMS_SECRET")).decode()

    def kannel_token(self) -> str:
        """The unguessable part of the addresses that Kannel calls; it follows from the webhook secret."""
        return hmac.digest(self.sms_secret_text().encode(), b"kannel", "sha256").hex()[:32]

    def _key(self, given: str | None, name: str, setting: str) -> bytes:
        return trial_key(self.data / "keys" / name) if given is None else self.given_key(given, setting)

    @staticmethod
    def given_key(given: str, setting: str) -> bytes:
        """A 32-byte key: a file's content or the text itself, in base64. Raises ValueError naming `setting`."""
        raw = Path(given).read_text().strip() if os.path.isfile(given) else given
        try:
            key = base64.b64decode(raw, validate=True)
        except ValueError:  # binascii.Error, and letters beyond ASCII
            raise ValueError(f"{setting} is neither a file nor base64") from None
        if len(key) != 32:
            raise ValueError(f"{setting} must be 32 bytes in base64, not {len(key)}")
        return key


def trial_key(path: Path) -> bytes:
    """A key made once, mode 0600; processes and threads that start together agree on one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        with open(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write(base64.b64encode(secrets.token_bytes(32)).decode())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return base64.b64decode(path.read_text())
