"""How everything of ours reaches Kafka: kafka-python's clients, and what faust needs to make its own."""

from __future__ import annotations

import socket
import ssl
import struct
from contextlib import suppress
from functools import cached_property, partial
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka import errors as kafka_errors
from kafka.codec import gzip_encode
from kafka.net.compat import KafkaNetClient
from kafka.record import default_records

from infra.settings import Settings
from streams.trouble import KafkaTrouble

LARGEST_BATCH = 1_000_000  # bytes of a batch before compression; Kafka's own limit of a batch is 1,048,588
SETTLED_SECONDS = 60  # by then a message that was sent is acknowledged or has failed
_BLOCK_MS = 2_000  # shorter than the publisher's lock lives without a word
_PROBE_SECONDS = 2.0

# kafka-python compresses at gzip's slowest level, and has no setting for it: three times the time for 4 % of the bytes.
default_records.gzip_encode = partial(gzip_encode, compresslevel=4)


class Cluster:
    """The Kafka cluster of the settings. Raises KafkaTrouble for settings that can't be used."""

    def __init__(self, settings: Settings, client_id: str = "azyq") -> None:
        if not settings.kafka_bootstrap_servers or not settings.kafka_bootstrap_servers.strip(" ,"):
            raise KafkaTrouble(
                "not_configured", "KAFKA_BOOTSTRAP_SERVERS is unset: there is no Kafka to use."
            )
        self.servers = [s.strip() for s in settings.kafka_bootstrap_servers.split(",") if s.strip()]
        for server in self.servers:
            _host_and_port(server)
        self._settings = settings
        self._client_id = client_id
        self._sasl = settings.kafka_security_protocol.startswith("SASL_")
        self._tls = settings.kafka_security_protocol.endswith("SSL")
        if self._sasl and (settings.kafka_username is None or settings.kafka_password is None):
            raise KafkaTrouble(
                "not_configured",
                f"AZYQ_KAFKA_SECURITY_PROTOCOL is {settings.kafka_security_protocol}: "
                "AZYQ_KAFKA_USERNAME and AZYQ_KAFKA_PASSWORD must be set.",
            )

    def producer(self) -> KafkaProducer:
        """An idempotent producer that waits for all replicas in sync. Raises KafkaTrouble without a cluster.

        Nothing is sent before `flush`, or before LARGEST_BATCH bytes wait for a partition.
        """
        return self._open(
            KafkaProducer,
            acks="all",
            enable_idempotence=True,
            compression_type="gzip",
            batch_size=LARGEST_BATCH,
            max_request_size=8 * LARGEST_BATCH,
            linger_ms=30_000,
            max_in_flight_requests_per_connection=5,
            request_timeout_ms=15_000,
            delivery_timeout_ms=SETTLED_SECONDS * 1_000,
            max_block_ms=_BLOCK_MS,
            allow_auto_create_topics=False,
            metrics_enabled=False,
            bootstrap_timeout_ms=_BLOCK_MS,
        )

    def admin(self, timeout_seconds: float = 5.0) -> KafkaAdminClient:
        """A client for topics and groups. Raises KafkaTrouble without a cluster."""
        return self._open(
            KafkaAdminClient,
            request_timeout_ms=int(timeout_seconds * 1_000),
            bootstrap_timeout_ms=int(timeout_seconds * 1_000),
        )

    def consumer(self, *topics: str, group: str | None = None, **options: Any) -> KafkaConsumer:
        """A consumer of `topics`; it commits nothing by itself. Raises KafkaTrouble without a cluster."""
        return self._open(
            KafkaConsumer,
            *topics,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
            bootstrap_timeout_ms=int(options.pop("bootstrap_timeout_ms", 5_000)),
            **options,
        )

    def faust_options(self) -> dict[str, Any]:
        """Keyword arguments of `faust.App`: `broker`, and `broker_credentials` where the cluster asks for them."""
        options: dict[str, Any] = {"broker": ";".join(f"kafka://{server}" for server in self.servers)}
        if self._sasl:
            from faust import SASLCredentials

            assert self._settings.kafka_password is not None
            credentials = SASLCredentials(
                username=self._settings.kafka_username,
                password=self._settings.kafka_password.get_secret_value(),
                mechanism=self._settings.kafka_sasl_mechanism,
                ssl_context=self.tls if self._tls else None,
            )
            options["broker_credentials"] = credentials
        elif self._tls:
            from faust import SSLCredentials

            options["broker_credentials"] = SSLCredentials(self.tls)
        return options

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """Whom to trust, and who we are. Raises KafkaTrouble for a file that can't be read."""
        settings = self._settings
        setting = "AZYQ_KAFKA_CA"
        try:
            context = ssl.create_default_context(cafile=settings.kafka_ca)
            setting = "AZYQ_KAFKA_CERTIFICATE or AZYQ_KAFKA_KEY"
            if settings.kafka_certificate is not None:
                context.load_cert_chain(settings.kafka_certificate, settings.kafka_key)
        except (OSError, ssl.SSLError) as error:
            raise KafkaTrouble("not_configured", f"{setting} can't be used: {error}") from None
        return context

    def trouble(self, error: BaseException) -> KafkaTrouble:
        """What `error` of kafka-python means for whoever runs this."""
        if isinstance(error, KafkaTrouble):
            return error
        where = ", ".join(self.servers)
        if isinstance(
            error,
            kafka_errors.SaslAuthenticationFailedError
            | kafka_errors.UnsupportedSaslMechanismError
            | kafka_errors.IllegalSaslStateError,
        ):
            return self._login_refused()
        if isinstance(error, kafka_errors.AuthorizationError):
            return KafkaTrouble(
                "not_authorised",
                f"Kafka at {where} does not allow {self._settings.kafka_username or 'an anonymous user'} this: "
                f"{type(error).__name__}. An administrator of Kafka has to grant it.",
            )
        if isinstance(error, kafka_errors.UnknownTopicOrPartitionError):
            return KafkaTrouble(
                "topic_missing", f"Kafka at {where} has not the topic: run `azyq kafka init`."
            )
        if isinstance(error, kafka_errors.NotEnoughReplicasError):
            return KafkaTrouble(
                "not_enough_replicas", f"Kafka at {where}: too few replicas in sync to keep a message safely."
            )
        if isinstance(error, kafka_errors.KafkaTimeoutError | kafka_errors.KafkaConnectionError):
            return self._unreachable()
        return KafkaTrouble("kafka_error", f"Kafka at {where}: {type(error).__name__}.")

    def _open(self, client: Any, *arguments: Any, **options: Any) -> Any:
        settings = self._settings
        if self._tls:
            options["ssl_context"] = self.tls
        if self._sasl:
            assert settings.kafka_password is not None
            options |= {
                "sasl_mechanism": settings.kafka_sasl_mechanism,
                "sasl_plain_username": settings.kafka_username,
                "sasl_plain_password": settings.kafka_password.get_secret_value(),
            }
        opened: list[KafkaNetClient] = []

        def network(**configs: Any) -> KafkaNetClient:
            opened.append(KafkaNetClient(**configs))
            return opened[-1]

        try:
            return client(
                *arguments,
                kafka_client=network,
                bootstrap_servers=self.servers,
                client_id=self._client_id,
                security_protocol=settings.kafka_security_protocol,
                reconnect_backoff_max_ms=1_000,
                **options,
            )
        except BaseException as error:
            # A client that could not be made leaves its thread and sockets behind.
            for left in opened:
                with suppress(Exception):
                    left.close()
                left._net.close()
            if isinstance(error, kafka_errors.KafkaError | OSError):
                raise self.trouble(error) from error
            raise

    def _login_refused(self) -> KafkaTrouble:
        return KafkaTrouble(
            "not_authenticated",
            f"Kafka at {', '.join(self.servers)} refuses the login of {self._settings.kafka_username}: check "
            "AZYQ_KAFKA_USERNAME, AZYQ_KAFKA_PASSWORD, AZYQ_KAFKA_SASL_MECHANISM.",
        )

    def _unreachable(self) -> KafkaTrouble:
        """What each server says to a plain question."""
        reasons: list[str] = []
        for server in self.servers:
            reason = self._ask(server, _PROBE_SECONDS / len(self.servers))
            if not reason and self._sasl:
                # kafka-python often misses the broker's word that a login failed, and sees a closed connection only.
                return self._login_refused()
            reasons.append(f"{server}: {reason or 'it answers, but not all that is needed came in time'}")
        return KafkaTrouble("unreachable", "Kafka can't be reached: " + "; ".join(reasons) + ".")

    def _ask(self, server: str, seconds: float) -> str:
        """Why `server` doesn't answer; nothing when it does."""
        host, port = _host_and_port(server)
        try:
            with socket.create_connection((host, port), timeout=seconds) as plain:
                if not self._tls:
                    return _question(plain)
                with self.tls.wrap_socket(plain, server_hostname=host) as secure:
                    return _question(secure)
        except ssl.SSLCertVerificationError as error:
            return f"its certificate is not accepted ({error.verify_message})"
        except ssl.SSLError:
            return "no TLS connection; check AZYQ_KAFKA_SECURITY_PROTOCOL"
        except socket.gaierror:
            return "no such host"
        except TimeoutError:
            return "no answer"
        except OSError as error:
            return error.strerror or type(error).__name__


def _question(connection: socket.socket) -> str:
    """Asks for the versions of the protocol, as anyone may before a login."""
    connection.sendall(struct.pack(">ihhih", 10, 18, 0, 1, -1))
    answer = connection.recv(8)
    if answer[4:] == struct.pack(">i", 1):
        return ""
    return "no answer of Kafka's; check AZYQ_KAFKA_SECURITY_PROTOCOL"


def _host_and_port(server: str) -> tuple[str, int]:
    host, _, port = server.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65_536):
        raise KafkaTrouble("not_configured", f"KAFKA_BOOTSTRAP_SERVERS: {server} is not host:port.")
    return host.strip("[]"), int(port)
