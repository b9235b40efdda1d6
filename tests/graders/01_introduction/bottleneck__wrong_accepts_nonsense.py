# must fail: x has no worker
def bottleneck(stages: list[Stage], arrivals: float) -> tuple[str, float, dict[str, float]]:
    if not stages:
        raise ValueError("no stages")
    rates = {s.name: s.workers / (s.service_s * s.share) if s.service_s * s.share else float('inf') for s in stages}
    busy = {s.name: arrivals * s.service_s * s.share / s.workers for s in stages}
    narrow = min(rates, key=rates.get)
    return narrow, rates[narrow], busy
