# must fail: two delays are three tries
def with_retries(work: Callable[[], Any], delays: list[float], sleep: Callable[[float], None]) -> Any:
    for delay in delays:
        try:
            return work()
        except (TimeoutError, ConnectionError):
            sleep(delay)
    return None
