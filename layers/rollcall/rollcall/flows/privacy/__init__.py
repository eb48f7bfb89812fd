"""What is done for privacy; IO comes in as arguments."""
