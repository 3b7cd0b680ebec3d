"""eventsourcing's PostgreSQL module, acting as our role; keeps the options of the DSN, as TLS, and what it leaves open."""

from __future__ import annotations

import json
from typing import Any

from eventsourcing import postgres
from eventsourcing.utils import Environment

OPTIONS = "AZYQ_POSTGRES_OPTIONS"


class Factory(postgres.PostgresFactory):
    """Takes further connection parameters, as JSON, from AZYQ_POSTGRES_OPTIONS of its environment."""

    def __init__(self, env: Environment | dict[str, str] | None = None) -> None:
        super().__init__(env)
        further: dict[str, Any] = json.loads(self.env.get(OPTIONS) or "{}")
        arguments = self.datastore.pool.kwargs  # nothing is connected before the first use
        assert isinstance(arguments, dict)
        if not arguments.get("password"):
            # The library has to be told one; an empty one would keep libpq from PGPASSWORD and a password file.
            arguments["password"] = None
        arguments.update(further)
