"""Which rows keep the contract, which break it and why, and how good is the whole?

Rows, one at a time:

    checks            the rules of trips/contract.py on a batch of rows
    twins             what a row's fellow travellers say of it: refunds, shared trips
    judged            both, on a table that fits into memory
    quarantine        what is kept of a row that was refused
    scores            precision and recall against what the generator broke
    evidence, pandera_contract, great_expectations_contract, great_expectations_process
                      the same contract by other engines; the last two touch the world

The whole:

    metrics, ml_quality   dimensions of quality, as counts that add up
    slo                   promises over weeks, with the direction of good
    profile, inferred     what a table looks like; the schema it suggests; what contradicts it

Change:

    information       entropy, mutual information
    outliers          values far from the others, one column or several at once
    drift             two samples of a column: tests, and sizes of a difference
    comparators       skew between training and serving, drift between days
    practice          months whose broken rows are known; touches the world: it looks for a real one
    monitor           when a daily number should wake somebody; how monitors are judged
"""
