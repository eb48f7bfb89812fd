"""What the workbench tells a person instead of a traceback."""


class WorkbenchError(Exception):
    """Something a person can mend: the message says what, and how."""
