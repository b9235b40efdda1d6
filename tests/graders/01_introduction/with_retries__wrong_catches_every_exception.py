# must fail: a KeyError is not over soon
def with_retries(work: Callable[[], Any], delays: list[float], sleep: Callable[[float], None]) -> Any:
    for delay in delays:
        try:
            return work()
        except Exception:
            sleep(delay)
    return work()
