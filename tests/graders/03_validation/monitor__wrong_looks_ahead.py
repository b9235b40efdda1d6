# must fail: you ring on days -- finds the best split of the whole stream
def alarms(history: list[float], values: list[float]) -> list[int]:
    if len(history) < 14 or len(history) % 7:
        raise ValueError("two whole weeks at least")
    past = np.array(history).reshape(-1, 7)
    usual = past.mean(axis=0)
    spread = max((past - usual).std(), 1e-9)
    away = np.array([(value - usual[day % 7]) / spread for day, value in enumerate(values)])
    if not len(away):
        return []
    gain = [away[day:].sum() ** 2 / (len(away) - day) for day in range(len(away))]
    best = int(np.argmax(gain))
    return [day for day in range(best, len(away))] if gain[best] > 6 else []
