"""How long will a trip take, and how good is that guess?

baselines   two guesses that need no model
duration    the model: what it is given, how it is fitted, what it predicts
training    split by time, fit, judge against the baselines
records     what a model was made of; loading it only when its file is the one that was written
"""
