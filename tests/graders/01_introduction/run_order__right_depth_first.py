def run_order(needs: dict[str, list[str]]) -> list[str]:
    done: list[str] = []
    path: list[str] = []

    def visit(step: str) -> None:
        if step in path:
            raise ValueError(" -> ".join([step, *reversed(path[path.index(step) :])]))
        if step in done:
            return
        path.append(step)
        for parent in needs.get(step, []):
            visit(parent)
        path.pop()
        done.append(step)

    for step in needs:
        visit(step)
    return done
