# must fail: you ring on days -- compares with last week, 10 %
def alarms(history: list[float], values: list[float]) -> list[int]:
    if len(history) < 14 or len(history) % 7:
        raise ValueError("two whole weeks at least")
    all_days = [*history, *values]
    return [day for day in range(len(values))
            if abs(all_days[len(history) + day] / all_days[len(history) + day - 7] - 1) > 0.1]
