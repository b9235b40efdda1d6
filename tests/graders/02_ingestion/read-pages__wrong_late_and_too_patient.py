# must fail: do not wait after the last
def read_all(
    get: Callable[[str], tuple[int, dict[str, str], dict[str, Any]]],
    store: Callable[[list[dict[str, Any]], str], None],
    sleep: Callable[[float], None],
    cursor: str = "",
    attempts: int = 5,
) -> str:
    """Sleeps before it gives up, one attempt too late, and takes every status from 429 on for a passing one."""
    failures = 0
    while True:
        status, headers, body = get(cursor)
        if status == 200:
            failures, cursor = 0, body["cursor"]
            store(body["trips"], cursor)
            if not body["more"]:
                return cursor
        elif status >= 429:
            failures += 1
            sleep(int(headers["Retry-After"]) if "Retry-After" in headers else 2 ** (failures - 1))
            if failures > attempts:
                raise TimeoutError
        else:
            raise ValueError(str(status))
