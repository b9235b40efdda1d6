# must fail: ConnectionResetError
def with_retries(work: Callable[[], Any], delays: list[float], sleep: Callable[[float], None]) -> Any:
    for delay in delays:
        try:
            return work()
        except TimeoutError:
            sleep(delay)
    return work()
