"""The API: what the HTTP face asks of the system, and the server it runs on."""

from __future__ import annotations

import errno
import gc
import socket
import threading

import structlog

from domain.audit_events import audits_of
from infra.api.metrics import Audited
from infra.bootstrap import Azyq
from infra.chain import Ages, Chain
from infra.measuring import Counts, Measuring
from infra.parts.access import AnalystAccess
from infra.parts.analytics import Analytics
from infra.parts.cases.discussions import Discussions
from infra.parts.cases.entrance import CaseEntrance
from infra.parts.cases.pages import CasePages
from infra.parts.counter.sales import Sales
from infra.parts.counter.shelves import Shelves
from infra.parts.counter.tills import Tills
from infra.parts.counter.wallet import Wallet
from infra.parts.office.lists import OfficeLists
from infra.parts.office.reading import Office
from infra.parts.reading_process import ReadingProcess
from infra.parts.replies import Replies
from infra.reporting.kept import KeptReports
from infra.sealing import seals_by

GRACE_SECONDS = 3

__all__ = ["Replies", "Watching", "listen", "serve"]

log = structlog.get_logger("azyq")


class Watching:
    """What /metrics asks for (`infra.api.metrics.Watched`)."""

    def __init__(self, azyq: Azyq) -> None:
        self._azyq = azyq
        self._chain = azyq.chain
        self._ages = Ages(azyq.chain.head, azyq.chain.recorded_at, azyq.clock)
        self.kafka = bool(azyq.settings.kafka_bootstrap_servers)

    def chain(self) -> Chain:
        """Where each link stands now."""
        return self._chain.read()

    def age(self, position: int) -> float:
        """Seconds since the log went beyond `position`."""
        return self._ages.age(position)

    def audited(self) -> Audited | None:
        """The last audit; None before the first one."""
        audits = audits_of(self._azyq.log)
        if audits is None or audits.last is None or audits.last_at is None:
            return None
        return Audited((self._azyq.clock() - audits.last_at).total_seconds(), audits.last.findings)

    def parked(self) -> int:
        """How many events and messages are parked. Raises psycopg2.OperationalError without a database."""
        chain = self._chain.read()
        return sum(place.parked for place in chain.views) + chain.parked_messages

    def watch(self, stop: threading.Event) -> None:
        """Watch the log move until `stop`."""
        self._ages.watch(stop)


def listen(address: str) -> socket.socket:
    """A socket that listens on `address`. Raises OSError that says what is in the way."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    try:
        listener = socket.create_server(
            (host, int(port)), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048
        )
    except OSError as error:
        reason = "another process listens there" if error.errno == errno.EADDRINUSE else error.strerror
        raise OSError(f"can't listen on {address} (AZYQ_LISTEN): {reason}") from None
    # asyncio leaves it out on a socket it did not make, and each answer would wait 40 ms for an acknowledgement
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _calm_collector() -> None:
    """Python's collector looks for cycles a hundred times less often: families at hand are many objects and have none,
    and to walk through them took a fifth of the time and each till's answer with it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def serve(azyq: Azyq, listener: socket.socket, stop: threading.Event, wake: threading.Event) -> None:
    """Answer at `listener` until `stop`; requests at hand are finished. Raises RuntimeError: it ended by itself."""
    import uvicorn

    from infra.parts.http_face import create_app

    watching = Watching(azyq)
    threading.Thread(target=watching.watch, args=(stop,), name="watch", daemon=True).start()

    case_pages = CasePages(azyq, wake.set)
    # The first wallet that is opened does not wait until the service files are read.
    threading.Thread(target=case_pages.open_to, args=("wallet",), name="services", daemon=True).start()

    # No access log: Kannel's addresses carry phone, text and token.
    counts = Counts()
    measuring = Measuring(counts, azyq.log, azyq.clock, watching.parked)
    measurer = threading.Thread(target=measuring.run, args=(stop,), name="measure", daemon=True)
    measurer.start()
    tills, sales = Tills(azyq, counts), Sales(azyq)
    # What analysts read is answered by the process beside; here are its routes, for whoever reads the API's description.
    reports = KeptReports(azyq.dsn, azyq.programmes, azyq.services)
    access = AnalystAccess(azyq, reports)
    analytics = Analytics(azyq, access, watching.age, reports)
    reading = ReadingProcess(azyq)
    office = Office(azyq, wake.set, watching.age)
    config = uvicorn.Config(
        create_app(
            Replies(azyq, wake.set),
            watched=watching,
            counts=counts,
            wallet=Wallet(azyq),
            counter=tills,
            goods=Shelves(azyq),
            sales=sales,
            seals=lambda: seals_by(azyq.log_reader),
            access=access,
            cases=CaseEntrance(azyq),
            discussions=Discussions(azyq, wake.set),
            analytics=analytics,
            office=office,
            lists=OfficeLists(azyq),
            case_pages=case_pages,
            reached=reading.reached,
        ),
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = uvicorn.Server(config)
    reading.start()
    _calm_collector()

    def end_with_the_others() -> None:
        stop.wait()
        server.should_exit = True

    threading.Thread(target=end_with_the_others, name="stop", daemon=True).start()
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    log.info("serving", address=f"http://{shown}:{port}", env=azyq.settings.env)
    try:
        server.run(sockets=[listener])  # in a thread of ours it leaves signals alone
    finally:
        reading.close()
        sales.close()
        analytics.close()
        office.close()
        access.close()
        reports.close()
        if not tills.lanes.close():
            log.error("counter_not_drained", waiting=tills.lanes.writing.waiting())
        measuring.measure()
    if not stop.is_set():
        raise RuntimeError("the API ended by itself")
