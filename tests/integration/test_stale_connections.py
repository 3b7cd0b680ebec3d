"""A server that was restarted leaves connections behind that are gone: nobody is told that it doesn't answer."""

from __future__ import annotations

import os
import socket

import psycopg2
import pytest

from infra.chain import ChainReader
from infra.postgres.connect import ThreadConnections
from infra.postgres.view_store import ViewStore
from projections.all_views import VIEWS
from tests.integration.publishing import Passage, until


def end_all_others(dsn: str, name: str) -> None:
    """End every connection called `name`, as a restart does, and wait until they are gone."""
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = %s",
            (name,),
        )
        assert cursor.rowcount > 0
    connection.close()


def test_a_connection_that_the_server_ended_while_it_was_idle_is_opened_again(database: str) -> None:
    connections = ThreadConnections(database, "azyq-tried", autocommit=True)
    first = connections.mine()
    assert connections.mine() is first
    end_all_others(database, "azyq-tried")
    with connections.mine().cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
    connections.close()


def test_what_comes_unasked_on_a_connection_does_not_end_it(database: str) -> None:
    connections = ThreadConnections(database, "azyq-tried", autocommit=True, setup="LISTEN azyq_tried")
    first = connections.mine()
    other = psycopg2.connect(database)
    other.autocommit = True
    with other.cursor() as cursor:
        cursor.execute("NOTIFY azyq_tried")
    until(lambda: connections.mine() is not first or first.notifies)
    assert connections.mine() is first
    other.close()
    connections.close()


def test_a_transaction_that_was_cut_is_told_and_never_goes_on_elsewhere(database: str) -> None:
    connections = ThreadConnections(database, "azyq-tried", autocommit=False)
    with connections.mine().cursor() as cursor:
        cursor.execute("SELECT 1")
    end_all_others(database, "azyq-tried")
    with (
        pytest.raises((psycopg2.OperationalError, psycopg2.InterfaceError)),
        connections.mine().cursor() as cursor,
    ):
        cursor.execute("SELECT 2")
    with connections.mine().cursor() as cursor:
        cursor.execute("SELECT 3")
        assert cursor.fetchone() == (3,)
    connections.close()


def test_the_chain_is_read_at_once_after_a_restart(database: str) -> None:
    store = ViewStore(database)
    reader = ChainReader(database, store, VIEWS)
    store.prepare(VIEWS)
    reader.read()
    for name in ("azyq-chain", "azyq-views"):
        end_all_others(database, name)
    assert reader.read().head == 0
    reader.close()
    store.close()


def test_a_server_whose_host_is_gone_is_noticed_within_seconds(database: str) -> None:
    network = Passage(database)
    connections = ThreadConnections(network.dsn, "azyq-tried", autocommit=True)
    with socket.socket(fileno=os.dup(connections.mine().fileno())) as wire:
        assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 8_000
        assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 3
    connections.close()
    # and one that takes connections and says nothing is waited for no longer than 5 s
    network.silence()
    with pytest.raises(psycopg2.OperationalError, match="timeout"):
        connections.mine()
    network.close()
