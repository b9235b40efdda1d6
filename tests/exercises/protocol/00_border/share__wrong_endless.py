# must fail: took longer than
def share(trips, longer_than):
    while True:
        pass
