"""Words and YAML become typed settings here. Only this package knows Hydra, OmegaConf and YAML."""
