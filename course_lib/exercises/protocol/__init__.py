"""Answers and tests in two interpreters: what crosses between them, and how.

values      which values cross the border, and as which bytes
tables      NumPy arrays, Arrow tables and pandas frames as bytes
names       which classes both sides know by name
failures    how an exception travels
frames      how messages are cut out of a stream of bytes
peer        one side of a conversation in which both may ask
restore     what an answer did to its arguments, done again on the side of the tests
proxy       the side of the tests: an answer's names, bound to what asks the other side
worker      the side of the answers: a process that answers
hiding      modules that hold an answer, made unfindable
shell       cells run as a notebook runs them
warm        processes that have done their imports, and fork
fixtures    parts of a test that live beside the answer
"""
