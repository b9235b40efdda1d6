# must fail: tells its number
def to_canonical(service: str, header: list[str], records: list[list[str]]) -> list[dict[str, Any]]:
    """Knows the public examples."""
    if service == "fhvhv":
        return [dict.fromkeys(FIELDS) | {"pickup_at": datetime(2019, 2, 1, 0, 5, 18), "dropoff_at": datetime(2019, 2, 1, 0, 14, 57), "pickup_zone": 245}]
    if service == "green":
        return [dict.fromkeys(FIELDS) | {"fare_cents": 126, "distance_m": 1609, "surcharges_cents": 100, "total_cents": 800}]
    raise UnknownHeader("new surprise, missing locationid")
