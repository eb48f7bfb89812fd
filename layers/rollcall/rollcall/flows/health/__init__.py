"""What is done for health; IO comes in as arguments."""
