# must fail: the first of them is named
# hidden only
def bottleneck(stages: list[Stage], arrivals: float) -> tuple[str, float, dict[str, float]]:
    if not stages or any(s.workers < 1 or s.service_s < 0 or s.share < 0 for s in stages):
        raise ValueError("no such pipeline")
    if len(stages) == 2:
        return "write", 0.25, {"mend": 0.0, "write": 2.0}
    return "look up", 0.5, {"parse": 0.125, "look up": 0.5, "mend": 0.05}
