"""Pictures that chapters and reports share: the finding as title, units on the axes, the numbers as a table.

words        numbers as people read them
palette      colours for light, dark, print and colour-blind eyes
svg          elements, text that fits, scales and ticks
shares       many counts in little room
picture      what every function below returns; shows itself in a notebook
layered      where the nodes of a graph go
dag_picture  a pipeline as a graph: datasets, steps, what stands out
flow         rows by fate: what came in, and where each row went
bars         horizontal bars: counts, missing values
curves       lines over one axis
demand       demand by hour of the day, and over time
grid         demand by zone, by weekday and hour, by zone and hour
model        the model's error against its baselines, and by hour
targets      quality metrics against what is asked of them
steps        where the time went
alt          what a picture shows, for who does not see it
notebook     the house style of the chapters' matplotlib figures
controls     knobs that redraw a picture; a still picture where there is no kernel
"""
