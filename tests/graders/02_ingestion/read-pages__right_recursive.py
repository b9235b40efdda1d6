def read_all(
    get: Callable[[str], tuple[int, dict[str, str], dict[str, Any]]],
    store: Callable[[list[dict[str, Any]], str], None],
    sleep: Callable[[float], None],
    cursor: str = "",
    attempts: int = 5,
) -> str:
    """A helper that asks for one page, and calls itself after a wait."""

    def page(at: str, n: int) -> dict[str, Any]:
        status, headers, body = get(at)
        if status == 200:
            return body
        if status not in (429, *range(500, 600)):
            raise ValueError(str(status))
        if n == attempts:
            raise TimeoutError(f"page after {at!r}")
        told = headers.get("Retry-After")
        sleep(2 ** (n - 1) if told is None else int(told))
        return page(at, n + 1)

    while True:
        body = page(cursor, 1)
        cursor = body["cursor"]
        store(body["trips"], cursor)
        if body["more"] is False:
            break
    return cursor
