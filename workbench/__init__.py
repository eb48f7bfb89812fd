"""Tools for a person's machine, never deployed: the CLI, the local stack, the demo, the load bench."""
