"""A competition of pools that share order flow: many strategies,
one market, the same draws for all.
"""
