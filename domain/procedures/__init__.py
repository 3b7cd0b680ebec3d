"""Procedures as data: a service is a file, a request is a case, documents are generated from the file."""
