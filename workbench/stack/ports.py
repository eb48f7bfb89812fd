"""Ports on this machine."""

import socket

from workbench.errors import WorkbenchError

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Return whether a port is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def choose(wanted: int | None, preferred: int) -> int:
    """Return the port a person asked for, or the preferred one, or any that is free.

    Raises WorkbenchError when the requested port is in use: a named port is never replaced.
    """
    if wanted is not None:
        if not is_free(wanted):
            raise WorkbenchError(f"Port {wanted} is in use. Free the port, or leave out the option to use another one.")
        return wanted
    if is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
