"""What is done for operations; IO comes in as arguments."""
