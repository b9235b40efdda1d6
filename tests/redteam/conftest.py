"""The chapter that is attacked is no test."""

collect_ignore_glob = ["course/*"]
