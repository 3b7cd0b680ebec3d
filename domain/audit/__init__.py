"""What the audit proves of the log: a fold over plain data, one file a part of it; it shares no code with what it proves."""
