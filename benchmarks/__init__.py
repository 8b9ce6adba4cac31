"""What is measured, against what, in one run: `python -m benchmarks [NAME ...]`, or `make bench` for all.

A benchmark is a module of this package with a function `measure(rounds)` that gives one `Case` for each thing
measured. A case holds the values of every subject (`ours`, and peers such as `orjson.loads`, `aiohttp`, `veeam-br`),
taken in turn within one run, so that a machine that drifts drifts for all. Only ratios of medians are compared, and
a case may name the ratio that it must reach.
"""
