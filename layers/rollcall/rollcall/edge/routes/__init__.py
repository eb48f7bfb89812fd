"""HTTP routes: each reads a request, calls a flow and answers."""
