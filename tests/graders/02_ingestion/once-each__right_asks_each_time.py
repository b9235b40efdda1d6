def consume(topic: Topic) -> int:
    """Asks the sink before each message: slow, and right."""
    count = 0
    position = topic.committed()
    while True:
        page = topic.poll(position)
        if not page:
            return count
        for message in page:
            if message.value is None:
                if message.offset not in topic.buried():
                    topic.bury(message)
            elif message.key not in topic.keys():
                topic.store(message)
                count += 1
            position = message.offset + 1
        topic.commit(position)
