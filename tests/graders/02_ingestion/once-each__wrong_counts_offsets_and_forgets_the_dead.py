# must fail: each is one dead letter
def consume(topic: Topic) -> int:
    """Takes offsets for a count, and never asks which dead letters there are."""
    known, offset, added = set(topic.keys()), topic.committed(), 0
    while page := topic.poll(offset):
        for message in page:
            if message.value is None:
                topic.bury(message)
            elif message.key not in known:
                topic.store(message)
                known.add(message.key)
                added += 1
        offset += len(page)
        topic.commit(offset)
    return added
