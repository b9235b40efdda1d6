# must fail: a utilisation of 2
def bottleneck(stages: list[Stage], arrivals: float) -> tuple[str, float, dict[str, float]]:
    if not stages or any(s.workers < 1 or s.service_s < 0 or s.share < 0 for s in stages):
        raise ValueError("no such pipeline")
    rates = {s.name: s.workers / (s.service_s * s.share) if s.service_s * s.share else float('inf') for s in stages}
    busy = {s.name: min(1.0, arrivals * s.service_s * s.share / s.workers) for s in stages}
    narrow = min(rates, key=rates.get)
    return narrow, rates[narrow], busy
