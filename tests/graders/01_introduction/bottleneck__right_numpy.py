def bottleneck(stages: list[Stage], arrivals: float) -> tuple[str, float, dict[str, float]]:
    if not stages or any(s.workers < 1 or s.service_s < 0 or s.share < 0 for s in stages):
        raise ValueError("no such pipeline")
    work = np.array([s.service_s * s.share for s in stages])
    workers = np.array([float(s.workers) for s in stages])
    rates = np.divide(workers, work, out=np.full(len(stages), np.inf), where=work > 0)
    at = int(rates.argmin())
    return stages[at].name, float(rates[at]), {s.name: float(u) for s, u in zip(stages, arrivals * work / workers, strict=True)}
