"""`rollcall health`: how the running system is, now and as it changes."""
