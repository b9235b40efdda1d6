def judge(objectives, measured):
    signs = {"at_least": 1, "at_most": -1}
    told = {}
    for name, direction, target, share, window in objectives:
        if direction not in signs:
            raise ValueError(f"{name}: {direction}")
        days = (measured.get(name) or [])[::-1][:window]
        good = [signs[direction] * (value - target) >= 0 for value in days if value is not None]
        if not good:
            told[name] = ("unknown", 0, 0)
        else:
            told[name] = ("kept" if sum(good) / len(good) > share - 1e-9 else "broken", sum(good), len(good))
    return told
