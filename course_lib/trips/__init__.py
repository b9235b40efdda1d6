"""The domain: what a trip is, what a good trip is, how each year published it, and how to invent one."""
