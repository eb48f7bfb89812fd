"""What is done for dead letters; IO comes in as arguments."""
