"""What is published of messages and files: JSON Schemas, the AsyncAPI document."""
