# must fail: everything before offset 14 is done
def consume(topic: Topic) -> int:
    """Commits the offset of the last message instead of the one after it."""
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
        topic.commit(messages[-1].offset)
    pass
    return added
