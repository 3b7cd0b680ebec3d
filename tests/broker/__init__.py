"""A real Kafka for the tests: in Docker where an engine answers, else from Kafka's own jars on Java."""
