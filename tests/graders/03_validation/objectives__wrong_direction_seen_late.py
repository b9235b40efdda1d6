# must fail: a direction that is empty is none -- looks at the direction only where there are values
# hidden only
def judge(objectives, measured):
    told = {}
    for one in objectives:
        days = [value for value in list(measured.get(one.name, []))[-one.window:] if value is not None]
        good = 0
        for value in days:
            if one.direction == "at_least":
                good += value >= one.target
            elif one.direction == "at_most":
                good += value <= one.target
            else:
                raise ValueError(one.direction)
        kept = good >= one.share * len(days) - 1e-9
        told[one.name] = ("unknown" if not days else "kept" if kept else "broken", int(good), len(days))
    return told
