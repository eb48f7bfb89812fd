"""What is done for sockets; IO comes in as arguments."""
