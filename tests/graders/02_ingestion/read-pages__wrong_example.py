# must fail: raise TimeoutError
def read_all(
    get: Callable[[str], tuple[int, dict[str, str], dict[str, Any]]],
    store: Callable[[list[dict[str, Any]], str], None],
    sleep: Callable[[float], None],
    cursor: str = "",
    attempts: int = 5,
) -> str:
    """Knows the public examples."""
    status, _, _ = get(cursor)
    if status == 404:
        raise ValueError("404")
    if status == 500:
        for seconds in (1, 2, 4, 1):
            sleep(seconds)
        return "b"
    store([{}, {}], "a")
    get("a")
    sleep(3)
    get("a")
    store([{}, {}], "b")
    return "b"
