# must fail: status 431 is raised at once
def read_all(
    get: Callable[[str], tuple[int, dict[str, str], dict[str, Any]]],
    store: Callable[[list[dict[str, Any]], str], None],
    sleep: Callable[[float], None],
    cursor: str = "",
    attempts: int = 5,
) -> str:
    """Takes every status from 429 on for one that may pass: 431 and 451 as well."""
    more = True
    while more:
        for attempt in range(attempts):
            status, headers, body = get(cursor)
            if status == 200:
                break
            if status < 429:
                raise ValueError(f"the service says {status}")
            if attempt < attempts - 1:
                sleep(float(headers.get("Retry-After", 2**attempt)))
        else:
            raise TimeoutError("the service does not recover")
        store(body["trips"], body["cursor"])
        cursor, more = body["cursor"], body["more"]
    return cursor
