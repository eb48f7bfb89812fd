"""The function that migrates the database on each deployment."""
