"""The error that the CLI prints without a traceback."""


class WorkbenchError(Exception):
    """An error that a person can fix. The message says what is wrong, and how to fix it."""
