# must fail: a -> b says that b needs a
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
    walk = [next(iter(waiting))]
    while (parent := next(p for p in waiting[walk[-1]] if p in waiting)) not in walk:
        walk.append(parent)
    raise ValueError(" -> ".join([*walk[walk.index(parent) :], parent]))
