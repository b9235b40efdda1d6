# must fail: trips 1, 2 and 3, each once
def consume(topic: Topic) -> int:
    """Tells messages apart by offset: a trip that was sent twice is stored twice."""
    offset, added = topic.committed(), 0
    seen = {message.offset for message in topic.kept}
    dead = set(topic.buried())
    while messages := topic.poll(offset):
        for message in messages:
            if message.value is None:
                if message.offset not in dead:
                    topic.bury(message)
            elif message.offset not in seen:
                topic.store(message)
                added += 1
        offset = messages[-1].offset + 1
        topic.commit(offset)
    return added
