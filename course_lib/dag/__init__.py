"""A pipeline as a graph of datasets and transformations, P = (V, E, T).

graph       which order, which cycle, what lies before and after a node
pipeline    steps that read and write datasets: V, E and T of a pipeline
schemas     does every step find the columns it needs?
critical    which steps decide how long a run takes, and how much the others may dawdle
stage       workers that do the same thing to items
capacity    how much gets through, where it jams, and how much is under way: Little's law
simulate    items through stages on a virtual clock
bad_week    a week in which something goes wrong every day, for pipelines to be tried on
course      the course's own pipeline, written down as such a graph
"""
