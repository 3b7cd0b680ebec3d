"""Kafka through kafka-python: how to reach it, its topics, and the sending of messages."""
