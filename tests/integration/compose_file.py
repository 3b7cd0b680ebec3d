"""docker-compose.yml as Compose reads it: merged, with variables put in, and a service's process without Docker."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from infra.settings import ROOT

COMPOSE = ROOT / "docker-compose.yml"
_VARIABLE = re.compile(r"\$\{(\w+)(?:(:[-?+])([^}]*))?\}")


class Unset(Exception):
    """A variable that the file asks for has no value."""


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """`text` with ${NAME}, ${NAME:-default}, ${NAME:+instead} and ${NAME:?needed} replaced. Raises Unset."""

    def value(match: re.Match[str]) -> str:
        name, how, rest = match.groups()
        found = variables.get(name, "")
        if how == ":+":
            return str(rest) if found else ""
        if found or how is None:
            return found
        if how == ":?":
            raise Unset(f"{name}: {rest}")
        return str(rest)

    return _VARIABLE.sub(value, text)


def compose(variables: Mapping[str, str]) -> dict[str, Any]:
    """The file's content. Raises Unset."""

    def walk(value: Any) -> Any:
        if isinstance(value, str):
            return interpolated(value, variables)
        if isinstance(value, dict):
            return {key: walk(one) for key, one in value.items()}
        return [walk(one) for one in value] if isinstance(value, list) else value

    found: dict[str, Any] = walk(yaml.safe_load(COMPOSE.read_text(encoding="utf-8")))
    return found


class Machine:
    """What stands for the containers: where their names, folders and files are on this machine."""

    def __init__(self, variables: Mapping[str, str], dsn: str, kafka: str, folder: Path, key: str) -> None:
        """`dsn` is what the host `postgres` means, `kafka` what kafka:9092 does; `key` is the master key's text."""
        self.services = compose(variables)["services"]
        self._variables = variables
        self._dsn, self._kafka = dsn, kafka
        self.data = folder / "data"
        self._secret = folder / "master.key"
        self._secret.write_text(key)
        self._qr_secret = folder / "qr.key"
        self._qr_secret.write_text(key)
        self._seal_secret = folder / "seal.key"
        self._seal_secret.write_text(key)
        self.api = "127.0.0.1:0"

    def command(self, service: str) -> list[str]:
        """The service's own words; programs are this environment's."""
        return self._here(self.services[service]["command"])

    def health(self, service: str) -> list[str]:
        """The words of its health check."""
        kind, *words = self.services[service]["healthcheck"]["test"]
        assert kind == "CMD"
        return self._here(words)

    def environment(self, service: str) -> dict[str, str]:
        """The service's own environment and nothing of ours, beyond what lets Python be found."""
        given = self.services[service]["environment"]
        # A name without a value is given on from Compose's own variables, when it is there.
        found = {name: self._variables.get(name) if value is None else value for name, value in given.items()}
        environment = {name: value for name, value in found.items() if value is not None}
        assert urlsplit(environment["DATABASE_URL"]).hostname == "postgres"
        assert environment["KAFKA_BOOTSTRAP_SERVERS"] == "kafka:9092"
        assert environment["AZYQ_MASTER_KEY"] == "/run/secrets/master_key"
        assert environment["AZYQ_QR_KEY"] == "/run/secrets/qr_key"
        assert environment["AZYQ_SEAL_KEY"] == "/run/secrets/seal_key"
        assert environment["AZYQ_DATA"] == "/data"
        environment |= {
            "DATABASE_URL": self._dsn,
            "KAFKA_BOOTSTRAP_SERVERS": self._kafka,
            "AZYQ_MASTER_KEY": str(self._secret),
            "AZYQ_QR_KEY": str(self._qr_secret),
            "AZYQ_SEAL_KEY": str(self._seal_secret),
            "AZYQ_DATA": str(self.data),
            "PATH": os.environ["PATH"],
        }
        if environment.get("AZYQ_LISTEN") == "0.0.0.0:8080":
            environment["AZYQ_LISTEN"] = self.api
        return environment

    def run(self, service: str, *command: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """`docker compose run`: the service's command, or another, to its end."""
        return subprocess.run(
            self._here(list(command)) if command else self.command(service),
            cwd=self.data.parent,
            env=self.environment(service),
            capture_output=True,
            text=True,
            timeout=seconds,
        )

    def healthy(self, service: str) -> bool:
        """Whether the service's health check passes now."""
        return self.run(service, *self.health(service), seconds=60).returncode == 0

    def _here(self, words: list[str]) -> list[str]:
        programs = {"azyq": str(Path(sys.executable).with_name("azyq")), "python": sys.executable}
        first = programs.get(words[0], words[0])
        return [first, *(word.replace("127.0.0.1:8080", self.api) for word in words[1:])]
