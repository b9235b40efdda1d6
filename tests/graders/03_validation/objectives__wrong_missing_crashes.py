# must fail: KeyError

def judge(objectives, measured):
    told = {}
    for one in objectives:
        if one.direction not in ("at_least", "at_most"):
            raise ValueError(one.direction)
        days = [value for value in measured[one.name][-one.window:] if value is not None]
        good = sum((value >= one.target if one.direction == "at_least" else value <= one.target) for value in days)
        kept = good >= one.share * len(days) - 1e-9
        told[one.name] = ("unknown" if not days else "kept" if kept else "broken", good, len(days))
    return told
