# must fail: gold needs silver, silver needs bronze
def run_order(needs: dict[str, list[str]]) -> list[str]:
    every = {step: set(parents) for step, parents in needs.items()}
    for parents in needs.values():
        for parent in parents:
            every.setdefault(parent, set())
    for step in every:
        walk, at = [step], step
        while every[at]:
            at = sorted(every[at])[0]
            if at in walk:
                raise ValueError(" -> ".join(reversed([*walk[walk.index(at) :], at])))
            walk.append(at)
    return sorted(every, key=lambda step: len(every[step]))
