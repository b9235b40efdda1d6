# must fail: standard deviations has to be seen -- sees large changes only

def alarms(history: list[float], values: list[float]) -> list[int]:
    if len(history) < 14 or len(history) % 7:
        raise ValueError("two whole weeks at least")
    past = np.array(history, float)
    usual = past.reshape(-1, 7).mean(axis=0)
    spread = np.sqrt(np.sum((past - np.tile(usual, len(past) // 7)) ** 2) / (len(past) - 7))
    rang, above, below = [], 0.0, 0.0
    for day, value in enumerate(values):
        away = (value - usual[day % 7]) / spread
        above = abs(away)
        if above > 3:
            rang.append(day)
            above = below = 0.0
    return rang
