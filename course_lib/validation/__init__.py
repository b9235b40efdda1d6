"""Which rows keep the contract, which break it and why, and how good is the whole?"""
