# must fail: counts what this call has stored
# hidden only
def consume(topic: Topic) -> int:
    """Commits once, in the end; returns what the sink has rather than what it stored."""
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
        offset = messages[-1].offset + 1
        pass
    topic.commit(offset)
    return len(topic.keys())
