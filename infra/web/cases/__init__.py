"""Requests for services: asked for, followed, signed, discussed; and their papers checked by QR."""
