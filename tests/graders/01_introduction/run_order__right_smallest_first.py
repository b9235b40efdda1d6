def run_order(needs: dict[str, list[str]]) -> list[str]:
    import heapq

    children: dict[str, set[str]] = {}
    missing: dict[str, set[str]] = {}
    for step, parents in needs.items():
        missing.setdefault(step, set()).update(parents)
        for parent in parents:
            missing.setdefault(parent, set())
            children.setdefault(parent, set()).add(step)
    ready = [step for step, parents in missing.items() if not parents]
    heapq.heapify(ready)
    order = []
    while ready:
        step = heapq.heappop(ready)
        order.append(step)
        for child in children.get(step, ()):
            missing[child].discard(step)
            if not missing[child]:
                heapq.heappush(ready, child)
    if len(order) == len(missing):
        return order
    stuck = set(missing) - set(order)
    step, seen = min(stuck), []
    while step not in seen:
        seen.append(step)
        step = min(missing[step] & stuck)
    loop = seen[seen.index(step) :]
    raise ValueError(" -> ".join([loop[0], *loop[:0:-1], loop[0]]))
