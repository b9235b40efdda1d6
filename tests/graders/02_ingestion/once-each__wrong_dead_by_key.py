# must fail: each is one dead letter
def consume(topic: Topic) -> int:
    """Buries a key once, although what cannot be read has no key to trust."""
    known, dead = set(topic.keys()), set()
    buried = topic.buried()
    offset, added = topic.committed(), 0
    while messages := topic.poll(offset):
        for message in messages:
            if message.value is None:
                if message.key not in dead and message.offset not in buried:
                    topic.bury(message)
                    dead.add(message.key)
            elif message.key not in known:
                topic.store(message)
                known.add(message.key)
                added += 1
        offset = messages[-1].offset + 1
        topic.commit(offset)
    return added
