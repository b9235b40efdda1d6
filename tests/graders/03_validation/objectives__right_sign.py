def judge(objectives, measured):
    signs = {"higher": 1, "lower": -1}
    told = {}
    for name, better, target, share, window in objectives:
        if better not in signs:
            raise ValueError(f"{name}: {better}")
        days = (measured.get(name) or [])[::-1][:window]
        good = [signs[better] * (value - target) >= 0 for value in days if value is not None]
        if not good:
            told[name] = ("unknown", 0, 0)
        else:
            told[name] = ("kept" if sum(good) / len(good) > share - 1e-9 else "broken", sum(good), len(good))
    return told
