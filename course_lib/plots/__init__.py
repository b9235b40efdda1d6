"""Pictures that chapters and reports share: the finding as title, units on the axes, the numbers as a table.

words        numbers as people read them
palette      colours for light, dark, print and colour-blind eyes
svg          elements, text that fits, scales and ticks
shares       many counts in little room
picture      what every function below returns; shows itself in a notebook
flow         rows by fate: what came in, and where each row went
bars         counts, errors and shares as horizontal bars
curves       demand by hour, by day; errors by hour
grid         demand by zone and hour, and by zone
targets      quality metrics against what is asked of them
steps        where the time went
"""
