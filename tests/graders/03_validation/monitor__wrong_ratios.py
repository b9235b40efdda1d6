# must fail: the same values counted from 960 must ring -- deviations as parts of what is usual

def alarms(history: list[float], values: list[float]) -> list[int]:
    if len(history) < 14 or len(history) % 7:
        raise ValueError("two whole weeks at least")
    past = np.array(history, float)
    usual = past.reshape(-1, 7).mean(axis=0)
    spread = (past / np.tile(usual, len(past) // 7) - 1).std()
    rang, above, below = [], 0.0, 0.0
    for day, value in enumerate(values):
        away = (value / usual[day % 7] - 1) / spread
        above, below = max(0.0, above + away - 0.5), max(0.0, below - away - 0.5)
        if max(above, below) > 5:
            rang.append(day)
            above = below = 0.0
    return rang
