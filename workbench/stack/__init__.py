"""The local stack: a real PostgreSQL and an emulator of AWS, with the real template deployed to it."""
