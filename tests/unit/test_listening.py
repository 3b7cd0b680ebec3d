"""The socket that the API listens at."""

from __future__ import annotations

import socket

from infra.parts.api import listen


def test_an_answer_in_two_pieces_is_not_held_back_for_an_acknowledgement() -> None:
    with listen("127.0.0.1:0") as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
