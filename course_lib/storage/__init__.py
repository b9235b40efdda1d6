"""Bytes on disk: atomic replacement, digests, the Parquet layout, locks, publishing by pointer swap."""
