"""Every pattern of the product, proven and tried to be linear."""
