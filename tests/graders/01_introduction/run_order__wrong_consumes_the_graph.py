# must fail: the graph belongs to the caller
# hidden only
def run_order(needs: dict[str, list[str]]) -> list[str]:
    for parents in list(needs.values()):
        for parent in parents:
            needs.setdefault(parent, [])
    done: list[str] = []
    while ready := [step for step in needs if set(needs[step]) <= set(done)]:
        done += ready
        for step in ready:
            del needs[step]
    if not needs:
        return done
    walk = [next(iter(needs))]
    while (parent := next(p for p in needs[walk[-1]] if p in needs)) not in walk:
        walk.append(parent)
    raise ValueError(" -> ".join(reversed([*walk[walk.index(parent) :], parent])))
