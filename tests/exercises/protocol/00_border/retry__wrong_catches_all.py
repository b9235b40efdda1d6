# must fail: does not pass by itself
# hidden only
def retry(action, attempts):
    for attempt in range(1, attempts + 1):
        try:
            return action()
        except Exception:
            if attempt == attempts:
                raise
