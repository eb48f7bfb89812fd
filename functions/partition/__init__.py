"""The function that makes daily partitions."""
