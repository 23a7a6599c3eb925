"""Where the command line begins: `raison`, and `python -m raison`."""

import os
import signal


def main() -> None:
    """Load the command line and run it; an interrupt while it loads ends it without a word."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    from raison.cli import main as run  # what is interrupted

    run()


if __name__ == "__main__":
    main()
