"""A cluster without anything of azyq's in it, between two tests."""

from __future__ import annotations

import time

from kafka import KafkaAdminClient
from kafka.admin import MemberToRemove
from kafka.errors import CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError

from tests.broker.server import Access, admin

OURS = "azyq"
# What a broker says while it makes the topic of the groups, or reads it.
NOT_YET = (CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError)
GONE_SECONDS = 30.0


def topics_of_ours(access: Access) -> list[str]:
    """Names of the cluster's topics that begin like those of azyq."""
    client = admin(access)
    try:
        return sorted(topic for topic in client.list_topics() if topic.startswith(OURS))
    finally:
        client.close()


def remove_ours(access: Access) -> None:
    """Deletes azyq's topics and consumer groups, members that were killed included; returns when they are gone."""
    client = admin(access)
    try:
        deadline = time.monotonic() + GONE_SECONDS
        while not _remove(client):
            if time.monotonic() > deadline:
                raise TimeoutError("topics or groups of azyq's don't go away")
            time.sleep(0.02)
    finally:
        client.close()


def _remove(client: KafkaAdminClient) -> bool:
    try:
        groups = [group["group_id"] for group in client.list_groups() if group["group_id"].startswith(OURS)]
        if groups:
            for name, group in client.describe_groups(groups).items():
                members = [MemberToRemove(member_id=member["member_id"]) for member in group["members"]]
                client.remove_group_members(name, members)
            client.delete_groups(groups)
    except NOT_YET:
        return False
    topics = [topic for topic in client.list_topics() if topic.startswith(OURS)]
    if topics:
        client.delete_topics(topics, raise_errors=False)
    return not groups and not topics
