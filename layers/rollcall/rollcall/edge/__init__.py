"""Where Lambda meets Rollcall: settings, HTTP, authentication, observation, wiring."""
