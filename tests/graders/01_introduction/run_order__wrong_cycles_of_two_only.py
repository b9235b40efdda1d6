# must fail: features, model and publish wait for each other
def run_order(needs: dict[str, list[str]]) -> list[str]:
    waiting = {step: set(parents) for step, parents in needs.items()}
    for parents in needs.values():
        for parent in parents:
            waiting.setdefault(parent, set())
    done: list[str] = []
    while ready := [step for step in waiting if waiting[step] <= set(done)]:
        done += ready
        for step in ready:
            del waiting[step]
    if not waiting:
        return done
    for a, parents in waiting.items():
        for b in parents:
            if a == b:
                raise ValueError(f"{a} -> {a}")
            if a in waiting.get(b, ()):
                raise ValueError(f"{a} -> {b} -> {a}")
    return done
