"""The office: the month, lists by two persons, parked items and cases, for staff."""
