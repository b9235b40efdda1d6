"""Mergeable aggregates: a state with update, merge and finish, the same for batch, increments, streams and shards."""
