"""Why: what happened to a voucher, a family, a purchase or a message, told."""
