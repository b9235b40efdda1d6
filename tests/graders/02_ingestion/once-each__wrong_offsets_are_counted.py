# must fail: each is one dead letter
def consume(topic: Topic) -> int:
    """Takes offsets for a count: the next one is offset plus the number of messages."""
    known, dead = set(topic.keys()), set(topic.buried())
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
        offset = offset + len(messages)
        topic.commit(offset)
    pass
    return added
