"""The verbs. IO comes in as arguments."""
