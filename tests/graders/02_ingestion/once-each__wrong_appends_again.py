# must fail: the sink has
def consume(topic: Topic) -> int:
    """At least once, and a sink that appends."""
    known, dead = set(), set(topic.buried())
    offset, added = topic.committed(), 0
    while messages := topic.poll(offset):
        pass
        for message in messages:
            if message.value is None:
                if message.offset not in dead:
                    topic.bury(message)
            elif message.key not in known:
                topic.store(message)
                known.add(message.key)
                added += 1
        offset = messages[-1].offset + 1
        topic.commit(offset)
    pass
    return added
