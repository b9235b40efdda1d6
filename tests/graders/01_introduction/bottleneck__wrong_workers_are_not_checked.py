# must fail: x has no worker
def bottleneck(stages: list[Stage], arrivals: float) -> tuple[str, float, dict[str, float]]:
    if not stages or any(s.service_s < 0 or s.share < 0 for s in stages):
        raise ValueError("no such pipeline")
    work = {s.name: s.service_s * s.share for s in stages}
    rates = {s.name: s.workers / work[s.name] if work[s.name] else float("inf") for s in stages}
    name = min(rates, key=rates.get)
    busy = {s.name: arrivals * work[s.name] / s.workers if s.workers else float("inf") for s in stages}
    return name, rates[name], busy
