"""The function that issues tickets for sockets, and checks them."""
