"""The function that dispatches rollup workers."""
