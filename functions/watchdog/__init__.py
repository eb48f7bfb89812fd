"""The function that runs the watchdog."""
