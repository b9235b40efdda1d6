# must fail: KeyError

def judge(objectives, measured):
    told = {}
    for one in objectives:
        if one.better not in ("higher", "lower"):
            raise ValueError(one.better)
        days = [value for value in measured[one.name][-one.window:] if value is not None]
        good = sum((value >= one.target if one.better == "higher" else value <= one.target) for value in days)
        kept = good >= one.share * len(days) - 1e-9
        told[one.name] = ("unknown" if not days else "kept" if kept else "broken", good, len(days))
    return told
