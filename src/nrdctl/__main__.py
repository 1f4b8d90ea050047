"""Run nrdctl as `python -m nrdctl`."""

import sys

from nrdctl.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
