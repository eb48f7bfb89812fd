"""Tests: what Rollcall promises, held."""
