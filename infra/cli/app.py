"""All commands in one tree."""

from __future__ import annotations

import typer

from infra.cli import (
    access,
    case,
    case_reading,
    database,
    demo,
    kafka,
    month,
    papers,
    parked,
    programme,
    reading,
    report,
    seal,
    service,
    serving,
    shop,
    sms,
    staff,
    status,
    terminal,
    trade,
    vault,
    whatif,
)

HELP = """Digital food vouchers for families on targeted social assistance.

Start with: azyq demo. Settings come from the environment or a .env file (README.md lists them)."""


def group(text: str) -> typer.Typer:
    """A group of commands with this help."""
    return typer.Typer(
        help=text,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
    )


app = group(HELP)
app.command()(demo.demo)
app.command()(demo.sample)
app.command()(serving.serve)
app.command()(serving.api)
app.command()(serving.scheduler)
app.command()(serving.publisher)
app.command()(serving.worker)
app.command()(status.status)

database_group = group("The database: migrate, status, stop.")
database_group.command()(database.migrate)
database_group.command()(database.status)
database_group.command()(database.stop)
app.add_typer(database_group, name="db")

kafka_group = group("Kafka's topics: make them, see where they stand.")
kafka_group.command()(kafka.init)
kafka_group.command()(kafka.status)
app.add_typer(kafka_group, name="kafka")

programme_group = group("Programmes: list, show, check a file, publish a standard.")
programme_group.command(name="list")(programme.list_programmes)
programme_group.command()(programme.show)
programme_group.command()(programme.check)
programme_group.command(name="document")(papers.programme_document)
app.add_typer(programme_group, name="programme")

service_group = group("State services: list, show, check a file, make their papers.")
service_group.command(name="list")(service.list_services)
service_group.command()(service.show)
service_group.command()(service.check)
service_group.command(name="document")(papers.service_document)
app.add_typer(service_group, name="service")

case_group = group("Cases of state services: open, act, hold a sitting, see what is due and what happened.")
case_group.command(name="open")(case.open_case)
case_group.command()(case.act)
case_group.command()(case.sit)
case_group.command()(case.reassign)
case_group.command(name="list")(case_reading.list_cases)
case_group.command()(case_reading.show)
case_group.command()(case_reading.why)
case_group.command()(case_reading.levels)
app.add_typer(case_group, name="case")

access_group = group("Access of analysts and auditors to the reports: apply, decide, grant, block, list.")
access_group.command()(access.apply)
access_group.command()(access.decide)
access_group.command()(access.grant)
access_group.command()(access.block)
access_group.command(name="list")(access.list_accesses)
app.add_typer(access_group, name="access")

month_group = group("A programme's month: take in lists, run a day of the calendar, see where it stands.")
month_group.command(name="import")(month.import_list)
month_group.command()(month.run)
month_group.command()(month.status)
app.add_typer(month_group, name="month")

sms_group = group("SMS: record a reply by hand, send what is due.")
sms_group.command()(sms.reply)
sms_group.command()(sms.send)
sms_group.command()(sms.addresses)
app.add_typer(sms_group, name="sms")

shop_group = group("Shops: take them in, open and close them, their loans, what they lack.")
shop_group.command(name="import")(shop.import_shops)
shop_group.command(name="list")(shop.list_shops)
shop_group.command()(shop.show)
shop_group.command()(shop.close)
shop_group.command(name="open")(shop.open_)
shop_group.command()(shop.loan)
shop_group.command()(shop.breach)
shop_group.command()(shop.mend)
shop_group.command()(shop.check)
app.add_typer(shop_group, name="shop")

for name, what, take_in in (
    ("article", "Articles of the national catalogue: take them in.", trade.import_articles),
    ("price", "Purchase prices of shops: take them in, end them.", trade.import_prices),
    ("market", "Official market prices: take them in.", trade.import_market),
):
    trade_group = group(what)
    trade_group.callback()(lambda: None)  # one command alone would take its group's place
    trade_group.command(name="import")(take_in)
    if name == "price":
        trade_group.command(name="end")(trade.end_price)
    app.add_typer(trade_group, name=name)

terminal_group = group("Terminals: a one-time code for a shop, revoke one, list them, try one.")
terminal_group.command()(terminal.enrol)
terminal_group.command()(terminal.trial)
terminal_group.command()(terminal.revoke)
terminal_group.command(name="list")(terminal.list_terminals)
app.add_typer(terminal_group, name="terminal")

staff_group = group("Staff: a key for whoever acts on cases by HTTP, another key, other roles, an end.")
staff_group.command()(staff.enrol)
staff_group.command()(staff.identify)
staff_group.command()(staff.key)
staff_group.command()(staff.change)
staff_group.command()(staff.revoke)
staff_group.command(name="list")(staff.list_staff)
app.add_typer(staff_group, name="staff")

vault_group = group("Personal data: erase a person, rotate the master key.")
vault_group.command()(vault.erase)
vault_group.command(name="rotate-key")(vault.rotate_key)
app.add_typer(vault_group, name="vault")

app.command()(report.report)
app.command()(whatif.whatif)
app.command()(reading.audit)
app.command()(reading.rebuild)
app.command()(seal.seal)
app.command()(seal.prove)
app.command()(reading.why)
app.command()(reading.events)

parked_group = group("What could not be taken in, events and messages: list, retry, discard with a reason.")
parked_group.command(name="list")(parked.parked_list)
parked_group.command(name="retry")(parked.parked_retry)
parked_group.command(name="discard")(parked.parked_discard)
app.add_typer(parked_group, name="parked")
