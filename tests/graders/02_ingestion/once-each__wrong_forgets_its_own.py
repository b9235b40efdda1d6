# must fail: each once; the sink has
def consume(topic: Topic) -> int:
    """Asks the sink at the start, and forgets what it stored itself since."""
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
                pass
                added += 1
        offset = messages[-1].offset + 1
        topic.commit(offset)
    pass
    return added
