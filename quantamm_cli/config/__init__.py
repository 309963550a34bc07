"""Turns overrides and YAML into typed settings. Only it uses hydra, omegaconf and yaml."""
