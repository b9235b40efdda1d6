# must fail: two delays are three tries
def with_retries(work: Callable[[], Any], delays: list[float], sleep: Callable[[float], None]) -> Any:
    last = None
    for delay in [*delays, 0.0]:
        try:
            return work()
        except (TimeoutError, ConnectionError) as error:
            last = error
            sleep(delay)
    raise last
