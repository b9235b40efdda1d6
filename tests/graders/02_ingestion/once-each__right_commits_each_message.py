def consume(topic: Topic) -> int:
    """Commits after every message."""
    have, dead, stored = topic.keys(), topic.buried(), 0
    page = topic.poll(topic.committed())
    while page:
        for message in page:
            if message.value is not None and message.key not in have:
                topic.store(message)
                have = have | {message.key}
                stored += 1
            if message.value is None and message.offset not in dead:
                topic.bury(message)
            topic.commit(message.offset + 1)
        page = topic.poll(page[-1].offset + 1)
    return stored
