def with_retries(work: Callable[[], Any], delays: list[float], sleep: Callable[[float], None]) -> Any:
    tries = 0
    while True:
        try:
            return work()
        except (TimeoutError, ConnectionError):
            if tries == len(delays):
                raise
            sleep(delays[tries])
            tries += 1
