"""The version, for the distribution and for ``--version``."""

VERSION = "0.1.0"
