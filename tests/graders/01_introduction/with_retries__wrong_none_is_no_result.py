# must fail: who succeeds at once neither sleeps
# hidden only
def with_retries(work: Callable[[], Any], delays: list[float], sleep: Callable[[float], None]) -> Any:
    for delay in delays:
        try:
            result = work()
        except (TimeoutError, ConnectionError):
            sleep(delay)
            continue
        if result:
            return result
    return work()
