def bottleneck(stages: list[Stage], arrivals: float) -> tuple[str, float, dict[str, float]]:
    if not stages or any(s.workers < 1 or s.service_s < 0 or s.share < 0 for s in stages):
        raise ValueError("no such pipeline")
    load = {s.name: s.service_s * s.share / s.workers for s in stages}
    narrow = max(load, key=lambda name: load[name])
    most = 1 / load[narrow] if load[narrow] > 0 else math.inf
    return narrow, most, {name: arrivals * share for name, share in load.items()}


import math
