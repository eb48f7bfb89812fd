"""What we compare ourselves with, each written as well as we can."""
