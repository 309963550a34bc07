"""qsim: an experiment runner for automated-market-maker pools."""

__version__ = "0.1.0"
