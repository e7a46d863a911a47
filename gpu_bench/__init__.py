"""Benchmarks: how fast a model answers, and how fast the databases beside it do.

`ai` times a model (torch on CUDA or CPU, any callable, an HTTP service) in the scenarios of MLPerf
Inference; `database` times single statements on real servers; `regression` compares with a signed
baseline. Each is a producer of Observations like any other.
"""
