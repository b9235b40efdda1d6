"""What does this machine have, what does it lack, and what does each lack cost?

findings     the answer to one question, and all of them for people and for machines
questions    what is asked, most needed first
"""
