"""docker-compose.yml: what it may not hold, and a month played by its services' own commands and environment."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from infra.month_report import month_report
from infra.postgres.embedded import SETTINGS
from infra.programmes import load_programmes
from infra.settings import ROOT, Settings
from streams.topics import REPLIES
from tests.broker.server import Access
from tests.conftest import as_url, new_database
from tests.integration.compose_file import COMPOSE, Machine, Unset, compose
from tests.integration.month_in_process import AKKOL, Household, Town, a_month, as_csv, query
from tests.integration.served_site import KEY, SECRET, Process, eventually, post
from tests.simulation.whole_month import FIRST_ANSWERS, SECOND_ANSWERS, play, spend

NEEDED = {
    "POSTGRES_PASSWORD": "letters0and9digits",
    "AZYQ_SMS_SECRET": SECRET,
    "AZYQ_SMS_GATEWAY": "outbox:",
    "AZYQ_PUBLIC_URL": "https://azyq.example",
}
TRIAL = NEEDED | {"AZYQ_ENV": "trial", "AZYQ_SMS_PER_SECOND": "100000"}
ONCE = {"migrate", "kafka-init"}
OURS = {*ONCE, "api", "publisher", "worker", "scheduler"}
FILE = compose(NEEDED)
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
FAMILIES = 24
SECONDS_TO_END = 10
PATIENCE = 120  # for a machine that has much else to do
ANSWERED = ("family.consented", "family.refused", "family.consent_withdrawn", "family.answer_not_understood")


# --- the file -----------------------------------------------------------------------------------------


def test_nothing_is_started_before_its_secrets_are_set() -> None:
    for name in NEEDED:
        with pytest.raises(Unset, match=name):
            compose({key: value for key, value in NEEDED.items() if key != name})


def test_no_secret_stands_in_the_file_or_in_the_example() -> None:
    for path in (COMPOSE, ROOT / "Dockerfile", ROOT / ".env.example"):
        for line in path.read_text(encoding="utf-8").splitlines():
            name, _, value = line.strip().lstrip("- ").replace(":", "=", 1).partition("=")
            if re.search("PASSWORD|SECRET|KEY|TOKEN", name) and name.isupper():
                assert re.match(r"\s*(\$\{\w+:\?|/run/secrets/|$)", value), line
    assert FILE["secrets"] == {
        name: {"file": f"./secrets/{name.replace('_', '.')}"} for name in ("master_key", "qr_key", "seal_key")
    }
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {".env", "/secrets/"} <= set(ignored)
    # The builder gets named folders, and nothing else.
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"


def test_the_example_sets_every_variable_that_is_asked_for() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    for name in NEEDED:
        assert f"{name}=" in example


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_runs_without_rights_and_comes_back(name: str) -> None:
    service = SERVICES[name]
    assert service["user"] not in ("root", "0", "0:0")
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "container_name" not in service
    # Kafka's image writes its settings into itself.
    assert service.get("read_only") is True or name == "kafka"
    if name in ONCE:
        assert service["restart"] == "on-failure:5"
    else:
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"][0] == "CMD"
    assert ("ports" in service) == (name == "api")
    assert ("outside" in service["networks"]) == (name in ("api", "scheduler"))


def test_images_are_pinned() -> None:
    for name in set(SERVICES) - OURS:
        assert re.search(r":\d+\.\d+(\.\d+)?(-\w+)?$", SERVICES[name]["image"]), name
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.M)
    assert bases
    assert all(re.search(r":\d+\.\d+\.\d+-", base) for base in bases)
    assert SERVICES["postgres"]["image"].startswith("postgres:18.")
    assert SERVICES["kafka"]["image"] == "apache/kafka:4.1.1"


def test_the_image_is_built_from_the_lock_and_runs_as_nobody_special() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "--require-hashes --only-binary :all: --requirement requirements.lock" in text
    final = text.rpartition("\nFROM ")[2]
    assert "USER 10001:10001" in final
    assert "HEALTHCHECK" in final
    assert {SERVICES[name]["user"] for name in OURS} == {"10001:10001"}
    # What the program reads from beside its code goes along.
    for folder in (
        Settings.model_fields["programmes"].default,
        Settings.model_fields["services"].default,
        Settings.model_fields["goods"].default.parent,
    ):
        assert f"COPY {folder.name} {folder.name}" in text
        assert f"!{folder.name}" in (ROOT / ".dockerignore").read_text().splitlines()


def test_data_outlive_their_containers() -> None:
    mounts = {name: service["volumes"] for name, service in SERVICES.items()}
    # PostgreSQL 18's image keeps its data in a folder of the version below this one.
    assert mounts["postgres"] == ["postgres-data:/var/lib/postgresql"]
    assert mounts["kafka"] == ["kafka-data:/var/lib/kafka/data"]
    assert SERVICES["kafka"]["environment"]["KAFKA_LOG_DIRS"] == "/var/lib/kafka/data"
    assert {volume for one in mounts.values() for volume in one} == {
        "postgres-data:/var/lib/postgresql",
        "kafka-data:/var/lib/kafka/data",
        "azyq-data:/data",
        "./trust:/trust:ro",
    }
    assert set(FILE["volumes"]) == {"postgres-data", "kafka-data", "azyq-data"}


def test_A8_the_authorities_that_are_trusted_are_a_folder_of_the_machine_mounted_where_the_setting_says() -> (
    None
):
    assert {SERVICES[name]["environment"]["AZYQ_TRUST"] for name in OURS} == {""}  # as unset
    assert Settings(_env_file=None, AZYQ_TRUST="").trust is None
    told = compose(NEEDED | {"AZYQ_TRUST": "/etc/azyq/authorities"})["services"]
    for name in OURS:
        (mount,) = (one for one in told[name]["volumes"] if "authorities" in one)
        assert mount == f"/etc/azyq/authorities:{told[name]['environment']['AZYQ_TRUST']}:ro"
    for path in (ROOT / ".env.example", ROOT / "README.md", ROOT / "docs" / "access.md"):
        assert "AZYQ_TRUST" in path.read_text(encoding="utf-8")


def test_the_database_logs_whose_error_it_was_and_no_statement() -> None:
    told = dict(one.removeprefix("-c").split("=", 1) for one in SERVICES["postgres"]["command"][1:])
    for name, value in told.items():  # as the embedded one has it
        assert SETTINGS[name] == value
    assert "%u" in told["log_line_prefix"]


def test_every_setting_is_in_the_readme() -> None:
    told = (ROOT / "README.md").read_text(encoding="utf-8")
    for field in Settings.model_fields.values():
        assert f"`{field.alias}`" in told, field.alias


def test_services_wait_for_what_they_stand_on() -> None:
    waits = {
        name: {other: how["condition"] for other, how in SERVICES[name].get("depends_on", {}).items()}
        for name in SERVICES
    }
    healthy, done = "service_healthy", "service_completed_successfully"
    assert waits == {
        "postgres": {},
        "kafka": {},
        "migrate": {"postgres": healthy},
        "kafka-init": {"kafka": healthy, "migrate": done},
        "api": {"migrate": done},
        "publisher": {"migrate": done, "kafka-init": done},
        "worker": {"migrate": done, "kafka-init": done},
        "scheduler": {"migrate": done},
    }


def test_every_setting_that_is_given_is_one() -> None:
    known = {field.alias for field in Settings.model_fields.values()} | {"AZYQ_LANG", "AZYQ_LOG_LEVEL"}
    for name in OURS:
        assert set(SERVICES[name]["environment"]) <= known, name


def test_every_setting_of_env_reaches_every_service() -> None:
    # given those that are about the inside of a container, which its image or this file settles
    inside = {"AZYQ_HEARTBEAT", "AZYQ_LISTEN", "AZYQ_PROGRAMMES", "AZYQ_SERVICES", "AZYQ_GOODS"}
    known = {str(field.alias) for field in Settings.model_fields.values()}
    # then each of the others reaches every service of ours
    for name in OURS:
        assert known - inside - set(SERVICES[name]["environment"]) == set(), name


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_logs_never_fills_the_disk(name: str) -> None:
    # Docker's own default keeps everything for ever; this driver keeps five files of 20 MB.
    assert SERVICES[name]["logging"] == {"driver": "local"}


# --- the month ----------------------------------------------------------------------------------------


class Site(Machine):
    """The services as processes; each phase of the month has its own clock, from which theirs ticks on."""

    def __init__(self, dsn: str, kafka: Access, folder: Path) -> None:
        super().__init__(TRIAL, dsn, kafka.bootstrap, folder, KEY)
        self.dsn = dsn
        self.running: list[tuple[str, Process]] = []

    def up(self, clock: str, **count: int) -> None:
        """`docker compose up`, with so many of each."""
        self._variables = TRIAL | {"AZYQ_CLOCK": clock}
        self.api = "127.0.0.1:0"
        for service, number in count.items():
            for _ in range(number):
                self.start(service)
        self.api = next(process.address for name, process in self.running if name == "api").removeprefix(
            "http://"
        )

    def start(self, service: str) -> None:
        process = Process(
            subprocess.Popen(
                self.command(service),
                cwd=self.data.parent,
                env=self.environment(service),
                stderr=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                text=True,
            )
        )
        threading.Thread(target=process.read, daemon=True).start()
        self.running.append((service, process))

    def down(self) -> None:
        """`docker compose stop`: SIGTERM to each, and each ends as done."""
        begun = time.monotonic()
        for _, process in self.running:
            process.process.send_signal(signal.SIGTERM)
        for name, process in self.running:
            assert process.process.wait(SECONDS_TO_END + 20) == 0, (name, "".join(process.raw))
        assert time.monotonic() - begun < SECONDS_TO_END, "they take too long to end"
        self.running.clear()

    def kill(self, service: str) -> None:
        """SIGKILL to one of the service's processes."""
        at = next(n for n, (name, _) in enumerate(self.running) if name == service)
        _, process = self.running.pop(at)
        process.process.kill()
        process.process.wait()

    def sent(self, purpose: str) -> int:
        path = self.data / "outbox.jsonl"
        lines = path.read_bytes().splitlines() if path.exists() else []
        return sum(json.loads(line)["purpose"] == purpose for line in lines)

    def kill_all(self) -> None:
        for name, process in list(self.running):
            self.kill(name)
            print(f"--- {name}\n{''.join(process.raw)}")

    def answer(
        self, kafka: Access, answers: list[tuple[str | None, str | None, str]], kill_worker: bool = False
    ) -> None:
        """Replies: each second one over HTTP, the others through Kafka, where each is delivered twice."""
        producer = KafkaProducer(**kafka.client(), acks="all")
        given = [answer for answer in answers if answer[0] and answer[1]]
        for number, (phone, text, message) in enumerate(given):
            reply = {"message_id": message, "from": phone, "to": "1414", "text": text}
            body = json.dumps(reply, ensure_ascii=False).encode()
            if number % 2:
                assert post(f"http://{self.api}", body).status_code == 202
            else:
                for _ in range(2):
                    producer.send(REPLIES, body, str(phone).encode()).get(30)
            if kill_worker and number == len(given) // 2:
                self.kill("worker")
        producer.close()

    def answers(self) -> int:
        """How many events tell of an answer: each one here leads to one."""
        return int(
            query(
                self.dsn, "SELECT count(*) FROM azyq_log.azyq_events WHERE topic = ANY(%s)", list(ANSWERED)
            )[0][0]
        )

    def nothing_due(self) -> bool:
        return query(self.dsn, "SELECT 1 FROM azyq_log.sms_due") == []

    def views_are_up(self) -> bool:
        told = json.loads(self.run("api", "azyq", "status", "--json").stdout)
        return all(view["behind"] == 0 for view in told["views"])

    def done(self, task: str) -> bool:
        tasks = "SELECT 1 FROM azyq_log.azyq_events WHERE topic = 'cycle.task_done'"
        return bool(query(self.dsn, f"{tasks} AND convert_from(state, 'UTF8') LIKE %s", f'%"{task}"%'))


@pytest.fixture
def homes() -> list[Household]:
    town = Town(seed=18)
    return [town.household(1 + number % 4, phone=number % 10 != 7) for number in range(FAMILIES)]


@pytest.fixture
def embedded(
    postgres_dsn: str, migrated_template: str, tmp_path: Path, homes: list[Household]
) -> Iterator[str]:
    """A database in which the whole month was played in one process, the views fed straight from the log."""
    with new_database(postgres_dsn, migrated_template) as dsn:
        with a_month(dsn, tmp_path / "embedded", AZYQ_MASTER_KEY=KEY) as month:
            (tmp_path / "embedded").mkdir()
            month.list_of(homes)
            play(month, homes)
            month.azyq.catch_up_views()
        yield dsn


@pytest.fixture
def site(postgres_dsn: str, empty_kafka: Access, tmp_path: Path) -> Iterator[Site]:
    """The services on an empty database and an empty cluster."""
    folder = tmp_path / "compose"
    folder.mkdir()
    with new_database(postgres_dsn) as dsn, ExitStack() as stack:
        site = Site(as_url(dsn), empty_kafka, folder)
        stack.callback(site.kill_all)
        yield site


@pytest.mark.timeout(600)
def test_the_services_play_a_month_and_report_what_one_process_does(
    site: Site, empty_kafka: Access, embedded: str, homes: list[Household], tmp_path: Path
) -> None:
    # given what runs once, which may run again
    for _ in range(2):
        for service in ("migrate", "kafka-init"):
            ran = site.run(service)
            assert ran.returncode == 0, ran.stderr
    # and the list of the month
    assistance_on = load_programmes(ROOT / "programmes")[AKKOL].month("2025-07").assistance_on
    families = site.data.parent / "list.csv"
    numbers = site.data.parent / "numbers.csv"
    rows = [row for home in homes for row in home.rows(assistance_on)]
    families.write_text(as_csv(rows))
    numbers.write_text(
        as_csv([[home.people[0].iin, home.phone] for home in homes if home.phone], "iin,phone")
    )
    taken = site.run(
        "api",
        *("azyq", "month", "import", str(families), "--numbers", str(numbers), "--programme", AKKOL),
        *("--month", "2025-07", "--at", "2025-07-02T09:00:00+05:00"),
    )
    assert taken.returncode == 0, taken.stderr
    assert f"families: {FAMILIES}" in taken.stdout, taken.stdout

    # when the round goes out, and answers come over HTTP and through Kafka
    site.up("2025-07-05T10:00:00+05:00", api=1, publisher=1, worker=2, scheduler=1)
    eventually(
        lambda: site.sent("consent_request") == sum(home.phone is not None for home in homes), PATIENCE
    )
    for service in ("api", "publisher", "worker", "scheduler"):
        # As Compose does: asked again until its start period is over.
        deadline = time.monotonic() + 60
        while not site.healthy(service):
            assert time.monotonic() < deadline, service
            time.sleep(0.5)
    first = [(home.phone, FIRST_ANSWERS[n % 9], f"first-{n}") for n, home in enumerate(homes)]
    site.answer(empty_kafka, [*first, ("+77010000001", "21*1", "stranger")], kill_worker=True)
    told = sum(1 for phone, text, _ in first if phone and text)
    eventually(lambda: site.answers() == told, PATIENCE)
    eventually(site.nothing_due, PATIENCE)
    site.down()
    # and the repeat, and further answers
    site.up("2025-07-10T10:00:00+05:00", api=1, publisher=2, worker=2, scheduler=1)
    eventually(lambda: site.done("reminder"), PATIENCE)
    second = [(home.phone, SECOND_ANSWERS.get(n % 9), f"second-{n}") for n, home in enumerate(homes)]
    site.answer(empty_kafka, second)
    told += sum(1 for phone, text, _ in second if phone and text)
    eventually(lambda: site.answers() == told, PATIENCE)
    eventually(site.nothing_due, PATIENCE)
    # and families buy
    with a_month(site.dsn, site.data.parent, AZYQ_MASTER_KEY=KEY) as month:
        spend(month, homes)
    site.down()
    # and the month ends
    site.up("2025-08-01T00:01:00+05:00", api=1, publisher=1, worker=1, scheduler=1)
    eventually(lambda: site.done("close"), PATIENCE)
    eventually(site.nothing_due, PATIENCE)

    # then Kafka brought every view to the log's end
    eventually(site.views_are_up, PATIENCE)
    site.down()
    assert query(site.dsn, "SELECT view FROM azyq_views.view_state WHERE partitions = 0") == []
    # and the report is that of the month in one process, to the tiyn
    status = ("azyq", "month", "status", "--programme", AKKOL, "--month", "2025-07", "--json")
    found = json.loads(site.run("api", *status).stdout)
    with a_month(embedded, tmp_path / "embedded", AZYQ_MASTER_KEY=KEY) as month:
        expected = month_report(month.azyq.view_store, month.month)
    for report in (found, expected):
        assert report.pop("log_position") > 0
    assert found == expected
    assert found["sums"]["spent_tiyn"] > 0
    # and the audit holds
    audit = site.run("api", "azyq", "audit")
    assert audit.returncode == 0, audit.stdout + audit.stderr
