"""Bronze to silver to gold, one bounded piece at a time: plan, keys, index, refine, resolve, aggregate."""
