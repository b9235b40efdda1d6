# must fail: gold needs silver once, though it says so twice
def run_order(needs: dict[str, list[str]]) -> list[str]:
    every = dict.fromkeys([*needs, *(parent for parents in needs.values() for parent in parents)])
    left = {step: len(needs.get(step, [])) for step in every}
    done: list[str] = []
    ready = [step for step in every if not left[step]]
    while ready:
        done.append(ready.pop(0))
        for step in every:
            if done[-1] in needs.get(step, []):
                left[step] -= 1  # one, however often it is named
                if not left[step]:
                    ready.append(step)
    if len(done) == len(every):
        return done
    raise ValueError(" -> ".join(step for step in every if step not in done))
