"""The composition root: the one place where settings, adapters, commands and views are put together."""

from __future__ import annotations

import gc
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from domain.commands.inspect_shops import InspectShops
from domain.commands.receive_list import ReceiveList
from domain.commands.receive_trade import ReceiveTrade
from domain.commands.record_reply import RecordReply
from domain.commands.redeem import Prices, Redeem
from domain.commands.run_day import RunDay
from domain.commands.run_programme import RunProgramme
from domain.commands.send_sms import SendOutcome, SendSms, compose
from domain.commands.use_wallet import UseWallet
from domain.family import FamilyVouchers
from domain.goods import GoodsCatalogue, load_goods
from domain.ports import SmsGateway
from domain.programmes import Programme, ProgrammeMonth, ProgrammeUnknown
from infra.chain import ChainReader
from infra.clock import Clock, real_clock, resumed, trial_clock
from infra.postgres.desk import Desk
from infra.postgres.embedded import EmbeddedPostgres
from infra.postgres.log import PostgresLog
from infra.postgres.log_reader import LogReader, newest_time
from infra.postgres.parked_messages import PostgresParkedMessages
from infra.postgres.schema import migrate
from infra.postgres.sms_queue import PostgresSmsQueue
from infra.postgres.staging import PostgresStaging
from infra.postgres.view_store import ViewStore
from infra.programmes import load_programmes
from infra.qr.keys import QrKeys
from infra.sealing import SealKeys
from infra.settings import Settings, trial_key
from infra.sms.gateways import gateway_from
from infra.sms.pacing import paced
from infra.sms.phones import normalise_phone
from infra.vault.store import PostgresVault
from projections.all_views import VIEWS
from streams.feed import Feed

if TYPE_CHECKING:  # what only some processes need is imported when it is asked for
    from domain.commands.case_texts import CaseTexts
    from domain.commands.known_cases import KnownCases
    from domain.commands.run_case import RunCase
    from domain.commands.settle_cases import SettleCases
    from infra.cases.lists import PostgresCaseLists
    from infra.cases.registers import NoRegisters, TrialRegisters
    from infra.cases.running_services import InstalledServices
    from infra.signatures.cms import CmsSignatures
    from infra.signatures.trial import NoSignatures, TrialSignatures

SMS_AT_ONCE_IDEMPOTENT = 500
SMS_AT_ONCE = 8  # what a crash can leave in doubt
WORKERS_SECONDS = 10.0

log = structlog.get_logger("azyq")


class Azyq:
    """The parts of one process, each made when it is first asked for."""

    def __init__(self, settings: Settings, dsn: str, clock: Clock, stack: ExitStack) -> None:
        self.settings = settings
        self.dsn = dsn
        self.clock = clock
        self.stopping = threading.Event()  # set when the process is to end: what waits stops waiting
        self.lists_wait = threading.Event()  # set when there is something to do with a list at the office
        self._stack = stack

    @cached_property
    def programmes(self) -> dict[str, Programme]:
        """Every programme of the folder, by id."""
        return load_programmes(self.settings.programmes)

    @cached_property
    def goods(self) -> GoodsCatalogue:
        """The official list of socially significant foods (R2.3)."""
        return load_goods(Path(self.settings.goods).read_text(encoding="utf-8"))

    def programme(self, programme: str) -> Programme:
        """The programme with this id. Raises ProgrammeUnknown."""
        try:
            return self.programmes[programme]
        except KeyError:
            raise ProgrammeUnknown("programme", programme=programme) from None

    @cached_property
    def month_of(self) -> Callable[[FamilyVouchers], ProgrammeMonth]:
        """The month of a family's stream, with the terms that hold in it."""
        months: dict[str, ProgrammeMonth] = {}

        def month_of(family: FamilyVouchers) -> ProgrammeMonth:
            month = months.get(family.cycle)
            if month is None:
                month = months[family.cycle] = self.programme(family.programme).month(family.month)
            return month

        return month_of

    @cached_property
    def vault(self) -> PostgresVault:
        """Personal data."""
        vault = PostgresVault(self.dsn, self.settings.master_key_bytes())
        self._stack.callback(vault.close)
        return vault

    @cached_property
    def log(self) -> PostgresLog:
        """The event log."""
        log = PostgresLog(self.dsn)
        self._stack.callback(log.close)
        return log

    @cached_property
    def staging(self) -> PostgresStaging:
        """Where rows of a list wait."""
        staging = PostgresStaging(self.dsn)
        self._stack.callback(staging.close)
        return staging

    @cached_property
    def gateway(self) -> SmsGateway:
        """Hands SMS to people."""
        gateway = gateway_from(
            self.settings.sms_gateway,
            dsn=self.dsn,
            data=self.settings.data,
            dlr_url=f"{self.settings.public_url}/v1/sms/kannel/{self.settings.kannel_token()}/receipt",
            clock=self.clock,
        )
        if close := getattr(gateway, "close", None):
            self._stack.callback(close)
        return gateway

    @cached_property
    def sms_queue(self) -> PostgresSmsQueue:
        """The SMS that are due."""
        return PostgresSmsQueue(self.log.connection)

    @cached_property
    def receive_list(self) -> ReceiveList:
        """The command that takes in a list."""
        return ReceiveList(self.log, self.vault, self.staging)

    @cached_property
    def goods_lists(self) -> tuple[GoodsCatalogue, ...]:
        """The official goods list, then programmes' own."""
        own = (programme.own_goods for programme in self.programmes.values())
        return (self.goods, *(goods for goods in own if goods is not None))

    @cached_property
    def desk(self) -> Desk:
        """Shops, articles and prices as the log has them."""
        return Desk(self.log, self.goods_lists)

    @cached_property
    def receive_trade(self) -> ReceiveTrade:
        """The command that takes in shops, articles and prices."""
        return ReceiveTrade(
            self.log, self.goods_lists, lambda number: self.vault.digest("sole trader", number)
        )

    @cached_property
    def inspect_shops(self) -> InspectShops:
        """The command that opens and closes shops, and looks after their loans."""
        return InspectShops(self.log, self.goods_lists)

    @cached_property
    def send_sms(self) -> SendSms:
        """The command that sends what is due."""
        at_once = SMS_AT_ONCE_IDEMPOTENT if self.gateway.idempotent else SMS_AT_ONCE
        per_second = self.settings.sms_per_second
        return SendSms(
            self.log,
            self.vault,
            self.sms_queue,
            self.gateway,
            self.month_of,
            lambda token: f"{self.settings.public_url}/w/{token}",
            at_once=max(1, int(min(at_once, per_second))),  # no burst beyond a second's worth
            pace=paced(per_second, self.stopping.wait),
            pause=self.stopping.wait,
            unknown_after=timedelta(seconds=self.settings.sms_unknown_after_seconds),
            case_texts=self.case_texts,
        )

    def drain_sms(self, now: Clock | None = None) -> SendOutcome:
        """Hand over what is due, until `stopping` is set."""
        return self.send_sms.drain(now or self.clock, stop=self.stopping.is_set)

    @cached_property
    def record_reply(self) -> RecordReply:
        """The command that records replies."""
        return RecordReply(
            self.log,
            self.vault,
            self.month_of,
            normalise_phone,
            lambda: self._requests,
            lambda: self.gateway.name,
            self._handed_over,
        )

    def _handed_over(self, messages: Sequence[str]) -> dict[str, datetime | None]:
        """The requests among `messages` that may have reached their people already, since when if it is noted."""
        found = self.sms_queue.handed_over(messages)
        # A gateway that may be handed the same twice is handed it without a note in the queue.
        if taken := getattr(self.gateway, "taken", None):
            found |= dict.fromkeys(taken(messages))
        return found

    @cached_property
    def _requests(self) -> tuple[str, ...]:
        """Every request of ours, for a reply may quote it."""
        return tuple(
            compose(programme.month(month), purpose, "")[1]
            for programme in self.programmes.values()
            for month in programme.months()
            for purpose in ("consent_request", "reminder")
        )

    @cached_property
    def run_day(self) -> RunDay:
        """The command that does a day of one month."""
        return RunDay(self.log, self.vault, self.drain_sms, self.sms_queue.waiting)

    @cached_property
    def run_programme(self) -> RunProgramme:
        """The command that does a day of a programme."""
        return RunProgramme(self.log, self.run_day, self.month_of)

    @cached_property
    def services(self) -> InstalledServices:
        """The services of the folder, ready to run."""
        from infra.cases.running_services import InstalledServices

        return InstalledServices(self.settings.services)

    @cached_property
    def signatures(self) -> CmsSignatures | TrialSignatures | NoSignatures:
        """Whose electronic signatures hold: those by the certificates of AZYQ_TRUST; else in a trial those made here."""
        from infra.signatures.trial import NoSignatures, TrialSignatures

        if self.settings.trust is not None:
            from infra.signatures.authorities import Revocations, load_authorities
            from infra.signatures.cms import CmsSignatures, person_of

            folder = self.settings.trust
            who = person_of(self.vault.find_person)
            authorities = load_authorities(folder)
            return CmsSignatures(authorities, who, Revocations(folder, authorities))
        if self.settings.env == "production":
            return NoSignatures()
        return TrialSignatures(trial_key(self.settings.data / "keys" / "signatures.key"))

    @cached_property
    def case_texts(self) -> CaseTexts:
        """What applicants are told of their cases, and the links of their status pages."""
        from domain.commands.case_texts import CaseTexts

        return CaseTexts(
            lambda case: self.known_cases.running(case),
            self.vault,
            lambda token: f"{self.settings.public_url}/c/{token}",
            lambda case: self.known_cases.sealed_values(case),
        )

    @cached_property
    def case_lists(self) -> PostgresCaseLists:
        """Lists of cases: who has to do what until when."""
        from infra.cases.lists import PostgresCaseLists

        return PostgresCaseLists(self.view_store)

    @cached_property
    def registers(self) -> NoRegisters | TrialRegisters:
        """State registers: in a trial those of a table; no other is connected, and a clerk confirms by hand."""
        from infra.cases.registers import FILE, NoRegisters, TrialRegisters

        if self.settings.env == "production":
            return NoRegisters()

        def iin_of(subject: str) -> str | None:
            person = self.vault.people([subject]).get(subject)
            return person.iin if person else None

        return TrialRegisters(self.settings.data / FILE, iin_of)

    @cached_property
    def known_cases(self) -> KnownCases:
        """Cases as the log has them."""
        from domain.commands.known_cases import KnownCases

        return KnownCases(self.log, self.vault.papers, self.services)

    @cached_property
    def run_case(self) -> RunCase:
        """The commands of cases."""
        from domain.commands.run_case import RunCase

        return RunCase(
            self.log,
            self.known_cases,
            self.vault.papers,
            self.services,
            self.registers,
            self.signatures,
            self.vault.digest,
            secrets.token_bytes,
            self.settings.largest_document,
        )

    @cached_property
    def settle_cases(self) -> SettleCases:
        """The command that does what the clock asks of cases."""
        from domain.commands.settle_cases import SettleCases

        return SettleCases(self.log, self.known_cases, self.case_lists)

    views = VIEWS

    @cached_property
    def log_reader(self) -> LogReader:
        """Reads the log for views."""
        reader = LogReader(self.dsn)
        self._stack.callback(reader.close)
        return reader

    @cached_property
    def view_store(self) -> ViewStore:
        """The views' tables."""
        store = ViewStore(self.dsn)
        self._stack.callback(store.close)
        return store

    @cached_property
    def parked_messages(self) -> PostgresParkedMessages:
        """Kafka's messages that could not be read as ours."""
        messages = PostgresParkedMessages(self.dsn)
        self._stack.callback(messages.close)
        return messages

    @cached_property
    def chain(self) -> ChainReader:
        """Where the log, the publisher and the views stand."""
        chain = ChainReader(self.dsn, self.view_store, self.views)
        self._stack.callback(chain.close)
        return chain

    @cached_property
    def feed(self) -> Feed:
        """Carries the log to the views."""
        return Feed(self.log_reader, self.view_store, self.views)

    def catch_up_views(self) -> None:
        """Bring every view up to the log's end; where Kafka carries, wait some seconds for those that do."""
        if not self.settings.kafka_bootstrap_servers:
            self.feed.catch_up()
            return
        head = self.log_reader.head()
        until = time.monotonic() + WORKERS_SECONDS
        while (behind := self._behind(head)) and time.monotonic() < until:
            time.sleep(0.1)
        if behind:
            log.warning("views_behind", log_position=head, views=behind)

    def _behind(self, head: int) -> dict[str, int]:
        """The views that do not hold everything up to `head`, with where they stand."""
        places = self.view_store.positions(self.views)
        return {name: position for name, position in places.items() if position < head}

    @cached_property
    def qr_keys(self) -> QrKeys:
        """The keys of the QR codes."""
        return QrKeys(self.settings.qr_seeds())

    @cached_property
    def seal_keys(self) -> SealKeys | None:
        """The keys of the seals; None in a production that has not set AZYQ_SEAL_KEY."""
        seeds = self.settings.seal_seeds()
        return SealKeys(seeds) if seeds else None

    def trusted_seal_keys(self) -> list[str]:
        """The public keys that seals may be signed by, the one that signs first."""
        return self.seal_keys.trusted if self.seal_keys else []

    @cached_property
    def use_wallet(self) -> UseWallet:
        """What a recipient does in the wallet."""
        return UseWallet(self.log, self.month_of)

    def redeem(self, prices: Prices) -> Redeem:
        """The command that buys at these prices."""
        return Redeem(self.log, self.month_of, prices, self.goods)


@contextmanager
def open_azyq(settings: Settings | None = None, clock: Clock | None = None) -> Iterator[Azyq]:
    """Open what `settings` name (the environment's by default), migrated; everything is closed at the end."""
    # Batches of aggregates are many small objects and no cycles: the default thresholds cost a sixth of the CPU.
    gc.set_threshold(50_000, 20, 50)
    settings = settings or Settings()
    with ExitStack() as stack:
        dsn = database(settings, stack)
        migrate(dsn)
        if clock is None:
            start = settings.clock
            clock = trial_clock(resumed(start, newest_time(dsn))) if start else real_clock
        yield Azyq(settings, dsn, clock, stack)


def database(settings: Settings, stack: ExitStack) -> str:
    """The address of the database: DATABASE_URL, else the embedded one of AZYQ_DATA, held until `stack` closes."""
    if settings.database_url:
        return settings.database_url
    return stack.enter_context(EmbeddedPostgres(settings.data))
