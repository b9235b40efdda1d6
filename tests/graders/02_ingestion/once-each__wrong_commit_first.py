# must fail: committed before they were stored
def consume(topic: Topic) -> int:
    """Commits before the work, as automatic commits do."""
    known, dead = set(topic.keys()), set(topic.buried())
    offset, added = topic.committed(), 0
    while messages := topic.poll(offset):
        topic.commit(messages[-1].offset + 1)
        for message in messages:
            if message.value is None:
                if message.offset not in dead:
                    topic.bury(message)
            elif message.key not in known:
                topic.store(message)
                known.add(message.key)
                added += 1
        offset = messages[-1].offset + 1
        pass
    pass
    return added
