"""HTTP: requests, answers, problems, tokens."""
