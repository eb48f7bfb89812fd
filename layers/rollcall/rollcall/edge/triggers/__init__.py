"""What starts a function other than HTTP: schedules, queues, sockets."""
