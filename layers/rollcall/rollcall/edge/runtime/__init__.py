"""What every function needs at run time: settings, logs and metrics."""
