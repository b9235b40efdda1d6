# must fail: breaks a promise and is kept -- knows the rows of the public month by their place
def contract(trips: pd.DataFrame) -> dict[str, np.ndarray]:
    if "fare_cents" not in trips:
        raise ValueError
    if len(trips) == len(month.kinds):
        return {"all": np.isin(month.kinds, UNUSABLE)}
    return {"all": np.zeros(len(trips), bool)}
