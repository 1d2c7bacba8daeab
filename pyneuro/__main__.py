"""``python -m pyneuro``: the command line."""

import sys

from pyneuro.cli import main

sys.exit(main())
