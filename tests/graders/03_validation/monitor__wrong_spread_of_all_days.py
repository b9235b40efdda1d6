# must fail: standard deviations has to be seen -- measures the noise on the days to be judged, too

def alarms(history: list[float], values: list[float]) -> list[int]:
    if len(history) < 14 or len(history) % 7:
        raise ValueError("two whole weeks at least")
    past = np.array(history, float)
    usual = past.reshape(-1, 7).mean(axis=0)
    seen = np.concatenate([past, np.array(values, float)])
    usual_of = usual[np.arange(len(seen)) % 7]
    spread = 1.4826 * np.median(np.abs(seen - usual_of))
    rang, above, below = [], 0.0, 0.0
    for day, value in enumerate(values):
        away = (value - usual[day % 7]) / spread
        above, below = max(0.0, above + away - 0.5), max(0.0, below - away - 0.5)
        if max(above, below) > 5:
            rang.append(day)
            above = below = 0.0
    return rang
