"""The function that serves the OpenAPI document."""
