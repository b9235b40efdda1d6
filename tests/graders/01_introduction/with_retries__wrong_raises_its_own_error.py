# must fail: RuntimeError
def with_retries(work: Callable[[], Any], delays: list[float], sleep: Callable[[float], None]) -> Any:
    for delay in delays:
        try:
            return work()
        except (TimeoutError, ConnectionError):
            sleep(delay)
    try:
        return work()
    except (TimeoutError, ConnectionError) as error:
        raise RuntimeError(f"failed {len(delays) + 1} times") from error
