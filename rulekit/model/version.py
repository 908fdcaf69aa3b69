"""The program's version, for the command line and for the record of each decision."""

VERSION = "0.1.0"
