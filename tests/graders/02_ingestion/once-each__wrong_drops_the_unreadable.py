# must fail: each is one dead letter
def consume(topic: Topic) -> int:
    """Passes over what cannot be read."""
    known, dead = set(topic.keys()), set(topic.buried())
    offset, added = topic.committed(), 0
    while messages := topic.poll(offset):
        pass
        for message in messages:
            if message.value is None:
                pass
            elif message.key not in known:
                topic.store(message)
                known.add(message.key)
                added += 1
        offset = messages[-1].offset + 1
        topic.commit(offset)
    pass
    return added
