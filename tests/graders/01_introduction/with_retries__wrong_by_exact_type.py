# must fail: ConnectionResetError
def with_retries(work: Callable[[], Any], delays: list[float], sleep: Callable[[float], None]) -> Any:
    for delay in delays:
        try:
            return work()
        except Exception as error:
            if type(error) not in (TimeoutError, ConnectionError):
                raise
            sleep(delay)
    return work()
