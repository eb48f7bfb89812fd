"""What is done for jobs; IO comes in as arguments."""
