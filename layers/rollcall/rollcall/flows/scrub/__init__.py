"""What is done for scrubbing; IO comes in as arguments."""
