# must fail: a step stands before one that it needs
# hidden only
def run_order(needs: dict[str, list[str]]) -> list[str]:
    done: list[str] = []
    path: list[str] = []

    def visit(step: str) -> None:
        if step in path:
            raise ValueError(" -> ".join([step, *reversed(path[path.index(step) :])]))
        if step in done:
            return
        path.append(step)
        for parent in needs.get(step, [])[-1:]:
            visit(parent)
        path.pop()
        done.append(step)

    for step in needs:
        visit(step)
    for parents in needs.values():
        done.extend(parent for parent in parents if parent not in done)
    return done
