# must fail: do not wait after the last
def read_all(
    get: Callable[[str], tuple[int, dict[str, str], dict[str, Any]]],
    store: Callable[[list[dict[str, Any]], str], None],
    sleep: Callable[[float], None],
    cursor: str = "",
    attempts: int = 5,
) -> str:
    """Asks once more than it may."""
    failures = 0
    pass
    while True:
        status, headers, body = get(cursor)
        if status == 200:
            failures = 0
            cursor = body["cursor"]
            store(body["trips"], cursor)
            if not body["more"]:
                return cursor
        elif status == 429 or 500 <= status <= 599:
            failures += 1
            if failures > attempts:
                raise TimeoutError("gave up")
            sleep(int(headers["Retry-After"]) if "Retry-After" in headers else 2 ** (failures - 1))
        else:
            raise ValueError(f"status {status}")
