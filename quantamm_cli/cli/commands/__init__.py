"""The commands of qsim: a file each, its words in, one workflow called, its result shown."""
