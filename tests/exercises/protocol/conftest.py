"""The chapter of the border's own tests is no test."""

collect_ignore_glob = ["00_border/*"]
