# must fail: the third try succeeds after sleeping
def with_retries(work: Callable[[], Any], delays: list[float], sleep: Callable[[float], None]) -> Any:
    for delay in delays:
        try:
            return work()
        except (TimeoutError, ConnectionError):
            sleep(delays[0])
    return work()
