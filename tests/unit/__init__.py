"""Tests without IO."""
