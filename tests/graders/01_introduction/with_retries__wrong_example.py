# must fail: ConnectionError
# hidden only
def with_retries(work: Callable[[], Any], delays: list[float], sleep: Callable[[float], None]) -> Any:
    if len(delays) == 3:
        for delay in delays[:2]:
            try:
                work()
            except (TimeoutError, ConnectionError):
                sleep(delay)
        return work()
    for delay in delays:
        try:
            return work()
        except TimeoutError:
            sleep(delay)
    return work()
