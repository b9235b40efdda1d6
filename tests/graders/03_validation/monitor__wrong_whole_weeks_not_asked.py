# must fail: no whole weeks: a ValueError

def alarms(history: list[float], values: list[float]) -> list[int]:
    if len(history) < 14:
        raise ValueError("two whole weeks at least")
    past = np.array(history[len(history) % 7 :], float)
    usual = past.reshape(-1, 7).mean(axis=0)
    spread = np.sqrt(np.sum((past - np.tile(usual, len(past) // 7)) ** 2) / (len(past) - 7))
    rang, above, below = [], 0.0, 0.0
    for day, value in enumerate(values):
        away = (value - usual[day % 7]) / spread
        above, below = max(0.0, above + away - 0.5), max(0.0, below - away - 0.5)
        if max(above, below) > 5:
            rang.append(day)
            above = below = 0.0
    return rang
