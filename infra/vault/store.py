"""The vault in PostgreSQL."""

from __future__ import annotations


class PostgresVault:
    def __init__(self, dsn: str, master_key: bytes) -> None: ...
    def close(self) -> None: ...
