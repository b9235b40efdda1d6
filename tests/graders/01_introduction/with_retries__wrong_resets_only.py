# must fail: ConnectionError
# hidden only
def with_retries(work: Callable[[], Any], delays: list[float], sleep: Callable[[float], None]) -> Any:
    for delay in delays:
        try:
            return work()
        except (TimeoutError, ConnectionResetError):
            sleep(delay)
    return work()
