"""How does each technology do the same small job?

A folder per engine: what it is (engine.toml), the packages it is locked to (requirements.lock, where the main
environment does not satisfy it), and `adapter.py`, the job as that engine's own users write it.

    registry      which engines are there, and what does each of them promise?
    cache         where do environments and jars live, and how does one appear there whole or not at all?
    environments  how does an engine get the packages it is locked to?
    jars          how does an engine get its jars?
    java          which Java do the engines on the JVM run on?
    child         how does a function of an adapter run in the engine's own Python?
    running       how is a function of an adapter called?
    watching      what do its processes use, whom do they listen to, and are they all gone afterwards?
    inputs        what are the engines given?
    compute, store, orchestrate, serve
                  the contracts: what must be true of an engine of that kind, and how is it found out?
    steps         the steps that an orchestrator is given
    comparing     which engine takes how long, and how much memory? comparing_picture draws it
    commands      `course engines`
    prism         how is a runner of Beam's had that is no part of its package?
    lock          how are the locks of an engine made?
"""
