"""One broker of Kafka (KRaft, a single node) in a temporary folder, on ports of its own."""

from __future__ import annotations

import base64
import logging
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from tests.broker.certificates import write_certificates
from tests.broker.java import Java, NoKafka

GUARD = Path(__file__).with_name("guard.py")
LISTENERS = ("PLAINTEXT", "SASL_PLAINTEXT", "SSL", "SASL_SSL")
USER = "azyq"
# Below the ports that systems give to outgoing connections, so that a broker finds its own again.
PORTS = range(15000, 32000)
UP_SECONDS = 90.0
DOWN_SECONDS = 30.0


@dataclass(frozen=True)
class Access:
    """How a client reaches a cluster by one listener: what KAFKA_BOOTSTRAP_SERVERS and AZYQ_KAFKA_* say."""

    bootstrap: str
    protocol: str = "PLAINTEXT"
    username: str = ""
    password: str = ""
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def environment(self, mechanism: str = "SCRAM-SHA-512") -> dict[str, str]:
        """The settings of azyq for this listener; `mechanism` (or PLAIN) where it asks for a password."""
        found = {"KAFKA_BOOTSTRAP_SERVERS": self.bootstrap, "AZYQ_KAFKA_SECURITY_PROTOCOL": self.protocol}
        if self.username:
            found |= {"AZYQ_KAFKA_SASL_MECHANISM": mechanism}
            found |= {"AZYQ_KAFKA_USERNAME": self.username, "AZYQ_KAFKA_PASSWORD": self.password}
        if self.ca:
            found["AZYQ_KAFKA_CA"] = str(self.ca)
        return found

    def client(self, mechanism: str = "SCRAM-SHA-512") -> dict[str, str]:
        """The same as keyword arguments of kafka-python's clients."""
        found = {"bootstrap_servers": self.bootstrap, "security_protocol": self.protocol}
        if self.username:
            found |= {"sasl_mechanism": mechanism}
            found |= {"sasl_plain_username": self.username, "sasl_plain_password": self.password}
        if self.ca:
            found["ssl_cafile"] = str(self.ca)
        return found


class Broker:
    """A broker that can be stopped, killed, frozen, and started again with the same ports and data."""

    def __init__(self, java: Java, template: Template) -> None:
        self._java = java
        self._template = template
        self._folder = Path(tempfile.mkdtemp(prefix="azyq-kafka-")).resolve()
        self._name = self._folder.name
        self._guard: subprocess.Popen[bytes] | None = None
        self._pid = 0
        self._ports: dict[str, int] = {}
        shutil.copytree(template.folder, self._folder, dirs_exist_ok=True)

    @property
    def bootstrap(self) -> str:
        """`127.0.0.1:port` of the plain listener."""
        return self._at("PLAINTEXT")

    @property
    def plain(self) -> Access:
        return Access(self.bootstrap)

    @property
    def sasl(self) -> Access:
        """User and password, in the clear; PLAIN or SCRAM-SHA-512."""
        return self._access("SASL_PLAINTEXT")

    @property
    def ssl(self) -> Access:
        """TLS. `certificate` and `key` are a client's own, which the broker takes and does not ask for."""
        return self._access("SSL")

    @property
    def sasl_ssl(self) -> Access:
        """TLS, with user and password."""
        return self._access("SASL_SSL")

    @property
    def log(self) -> Path:
        """What the broker itself wrote: warnings and errors."""
        return self._folder / "kafka.log"

    @property
    def running(self) -> bool:
        return self._guard is not None and self._guard.poll() is None

    def start(self) -> Self:
        """Starts it, and returns when it answers. The ports are chosen at first and kept. Raises NoKafka."""
        if self.running:
            return self
        if self._ports:
            self._run()
            return self
        for attempt in range(3):
            self._ports = _free_ports(*LISTENERS, "CONTROLLER")
            try:
                self._run()
            except NoKafka:
                self.kill()
                # Somebody else may have taken a port meanwhile.
                if attempt == 2:
                    raise
            else:
                break
        return self

    def stop(self) -> None:
        """An orderly end; what was acknowledged is on disk."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL: what a power cut does to the process."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Frozen: it holds its connections and says nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        """Ends it, and removes its folder."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _at(self, listener: str) -> str:
        return f"127.0.0.1:{self._ports[listener]}"

    def _access(self, listener: str) -> Access:
        user = (USER, self._template.password) if listener.startswith("SASL") else ("", "")
        files: list[Path | None] = [None, None, None]
        if listener.endswith("SSL"):
            files = [self._folder / name for name in ("ca.pem", "client.pem", "client-key.pem")]
        return Access(self._at(listener), listener, *user, *files)

    def _run(self) -> None:
        in_docker = self._java.jars is None
        text = properties(self._folder, self._ports, self._template.password, everywhere=in_docker)
        (self._folder / "server.properties").write_text(text, encoding="utf-8")
        # Docker gives a name free some time after its container ended.
        self._name = f"{self._folder.name}-{secrets.token_hex(4)}"
        call = self._java.call(self._name, self._folder, tuple(self._ports[name] for name in LISTENERS))
        options = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        at = call.index("-cp")
        command = [*call[:at], *options, *call[at:], "kafka.Kafka", str(self._folder / "server.properties")]
        guard = [sys.executable, "-I", str(GUARD), str(self._folder), self._name if in_docker else "-"]
        with self.log.open("ab") as log:
            self._guard = subprocess.Popen(
                [*guard, *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        assert self._guard.stdout
        self._pid = int(self._guard.stdout.readline())
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + UP_SECONDS
        while not answers(self.plain):
            if not self.running or time.monotonic() > deadline:
                end = self.log.read_text(encoding="utf-8", errors="replace")[-3000:]
                raise NoKafka(f"The broker doesn't come up:\n{end}")
            time.sleep(0.1)

    def _signal(self, number: signal.Signals) -> None:
        if not self.running:
            return
        if self._java.jars is None:
            subprocess.run(["docker", "kill", "--signal", number.name, self._name], capture_output=True)
        else:
            with suppress(ProcessLookupError):
                os.kill(self._pid, number)

    def _end(self, number: signal.Signals) -> None:
        if self._guard is None:
            return
        self._signal(number)
        try:
            self._guard.wait(DOWN_SECONDS)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._guard.wait()
        for pipe in (self._guard.stdin, self._guard.stdout):
            if pipe:
                pipe.close()
        self._guard = None


class Template:
    """A formatted data folder and certificates, made once and copied for each broker."""

    def __init__(self, java: Java, folder: Path) -> None:
        """Raises NoKafka when Kafka's tool can't format it."""
        self.folder = folder
        self.password = secrets.token_hex(12)
        write_certificates(folder)
        settings = folder / "server.properties"
        ports = {name: 1 + number for number, name in enumerate((*LISTENERS, "CONTROLLER"))}
        settings.write_text(properties(folder, ports, self.password), encoding="utf-8")
        cluster = base64.urlsafe_b64encode(b"\0" + uuid.uuid4().bytes[1:]).decode().rstrip("=")
        call = java.call(folder.name, folder, ())
        at = call.index("-cp")
        format_it = ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(settings)]
        scram = ["--add-scram", f"SCRAM-SHA-512=[name={USER},password={self.password}]"]
        done = subprocess.run(
            [*call[:at], "-XX:TieredStopAtLevel=1", *call[at:], *format_it, *scram],
            cwd=folder,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise NoKafka(f"Kafka's folder can't be made:\n{done.stdout}{done.stderr}")


def answers(access: Access) -> bool:
    """Whether a cluster has a broker that answers an admin client."""
    host, _, port = access.bootstrap.partition(",")[0].rpartition(":")
    with suppress(OSError, KafkaError):
        socket.create_connection((host, int(port)), 5).close()
        client = admin(access)
        try:
            return bool(client.describe_cluster()["brokers"])
        finally:
            client.close()
    return False


def admin(access: Access) -> KafkaAdminClient:
    """An admin client, to be closed by the caller."""
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    return KafkaAdminClient(**access.client(), request_timeout_ms=10_000, bootstrap_timeout_ms=5000)


def _free_ports(*names: str) -> dict[str, int]:
    found: dict[str, int] = {}
    while len(found) < len(names):
        port = random.choice(PORTS)
        if port in found.values():
            continue
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found[names[len(found)]] = port
    return found


def properties(folder: Path, ports: dict[str, int], password: str, *, everywhere: bool = False) -> str:
    """server.properties; with `everywhere` it listens on all of a container's addresses."""
    address = "0.0.0.0" if everywhere else "127.0.0.1"
    names = (*LISTENERS, "CONTROLLER")
    controller = f"127.0.0.1:{ports['CONTROLLER']}"
    module = "org.apache.kafka.common.security"
    plain = f'{module}.plain.PlainLoginModule required user_{USER}="{password}";'
    scram = f"{module}.scram.ScramLoginModule required;"
    settings = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{controller}",
        "listeners": ",".join(
            f"{name}://{controller if name == 'CONTROLLER' else f'{address}:{ports[name]}'}" for name in names
        ),
        "advertised.listeners": ",".join(f"{name}://127.0.0.1:{ports[name]}" for name in LISTENERS),
        "listener.security.protocol.map": ",".join(
            f"{name}:{'PLAINTEXT' if name == 'CONTROLLER' else name}" for name in names
        ),
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": folder / "data",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": folder / "server.pem",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": folder / "ca.pem",
        "listener.name.ssl.ssl.client.auth": "requested",
        "offsets.topic.num.partitions": 1,
        "offsets.topic.replication.factor": 1,
        "transaction.state.log.num.partitions": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        # After a kill the controller takes the broker back once the old session has ended.
        "broker.session.timeout.ms": 3000,
        "broker.heartbeat.interval.ms": 500,
        "auto.create.topics.enable": "false",
        "log.segment.delete.delay.ms": 1000,
    }
    for listener in ("sasl_plaintext", "sasl_ssl"):
        settings[f"listener.name.{listener}.plain.sasl.jaas.config"] = plain
        settings[f"listener.name.{listener}.scram-sha-512.sasl.jaas.config"] = scram
    return "".join(f"{name}={value}\n" for name, value in settings.items())
