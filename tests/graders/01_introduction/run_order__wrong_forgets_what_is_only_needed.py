# must fail: each step once, also bronze
def run_order(needs: dict[str, list[str]]) -> list[str]:
    waiting = {step: {p for p in parents if p in needs} for step, parents in needs.items()}
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
    raise ValueError(" -> ".join(reversed([*walk[walk.index(parent) :], parent])))
