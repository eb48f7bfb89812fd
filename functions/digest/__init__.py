"""The function that sends the failure summary."""
