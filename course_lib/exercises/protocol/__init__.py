"""Answers and tests in two interpreters: what crosses between them, and how.

values         which values cross the border, and as which bytes
kinds          the plain kinds, a line each
arrays         NumPy arrays and Arrow tables
pandas_values  pandas frames, series, indexes and scalars
names          the classes that both sides know by name
failures       how an exception travels
handles        what stands for an object that stays on the other side
things         the objects that stay, and what may be done with them
frames         how messages are cut out of a stream of bytes
peer           a conversation in which both sides may ask
restore        what an answer did to its arguments, done again on the side of the tests
proxy          the side of the tests: an answer's names, bound to what asks the other side
worker         the side of the answers: a process that answers
hiding         modules that hold an answer, made unfindable
shell          cells run as a notebook runs them
warm           processes that have done their imports, and fork
scratch        reading what an answer wrote
fixtures       parts of a test that live beside the answer, by name
virtual_clock  a clock that moves when it is told to
killed_at      a child process that is killed at a step
"""
