"""What is done for replay; IO comes in as arguments."""
