"""What is known before a trip begins: from sums in gold to a feature store and a training set.

point_in_time   what did we know about a key at a moment? slowly, and fast
tables          what was known about the city, its zones and its routes, and from when on
sampling        which trips the model learns from, when there are more than it needs
feast           the Feast repository: offline Parquet, online SQLite
offline_store   Feast's reading of history, without joining every trip with every reading
bulk_engine     Feast's materialisation, in one statement per view
build           gold -> feature store; silver, feature store -> training set
"""
