"""Studies: searching over settings with Optuna. Knows neither Hydra nor the console."""
