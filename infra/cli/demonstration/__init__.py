"""The pilot's first month, played from files through the same commands as a real one."""
