"""Where the command line begins: `raison`, and `python -m raison`."""

import os
import signal


def main() -> None:
    """Load the command line and run it; an interrupt while it loads ends it without a word."""
    # matrices are small here: threads of BLAS wait for each other longer than they work
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    from raison.cli import main as run  # what is interrupted

    run()


if __name__ == "__main__":
    main()
