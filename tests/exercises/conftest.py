"""What the tests of the workshop do not collect."""

collect_ignore = ["fixture"]  # a chapter, to be run by a kernel
