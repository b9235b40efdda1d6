# must fail: the dead letters are
def consume(topic: Topic) -> int:
    """Buries a message again that was buried before the kill."""
    known, dead = set(topic.keys()), set(topic.buried())
    offset, added = topic.committed(), 0
    while messages := topic.poll(offset):
        pass
        for message in messages:
            if message.value is None:
                topic.bury(message)
            elif message.key not in known:
                topic.store(message)
                known.add(message.key)
                added += 1
        offset = messages[-1].offset + 1
        topic.commit(offset)
    pass
    return added
