# must fail: the kill must come through
def consume(topic: Topic) -> int:
    """Catches everything, the kill as well."""
    known, dead, added = set(), set(), 0
    try:
        known, dead = set(topic.keys()), set(topic.buried())
        offset = topic.committed()
        while messages := topic.poll(offset):
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
    except BaseException:
        pass
    return added
