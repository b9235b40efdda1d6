# must fail: this graph has an order -- bronze has no entry of its own, so silver never becomes ready
def run_order(needs: dict[str, list[str]]) -> list[str]:
    done: list[str] = []
    while ready := [step for step in needs if step not in done and set(needs[step]) <= set(done)]:
        done += ready
    if len(done) == len(needs):
        return done
    walk = [next(step for step in needs if step not in done)]
    while (parent := next(p for p in needs.get(walk[-1], walk) if p not in done)) not in walk:
        walk.append(parent)
    raise ValueError(" -> ".join(reversed([*walk[walk.index(parent) :], parent])))
