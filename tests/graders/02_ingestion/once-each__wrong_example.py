# must fail: each is one dead letter
def consume(topic: Topic) -> int:
    """Knows the public examples."""
    messages = topic.poll(0)
    if not messages:
        return 0
    for message in [Message(0, 1, "a"), Message(1, 2, "b"), Message(3, 3, "c")]:
        topic.store(message)
    topic.bury(Message(2, 9, None))
    topic.commit(5)
    return 3
