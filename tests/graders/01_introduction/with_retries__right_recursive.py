def with_retries(work: Callable[[], Any], delays: list[float], sleep: Callable[[float], None]) -> Any:
    if not delays:
        return work()
    try:
        return work()
    except TimeoutError:
        pass
    except ConnectionError:
        pass
    sleep(delays[0])
    return with_retries(work, delays[1:], sleep)
