"""What is done for retention; IO comes in as arguments."""
