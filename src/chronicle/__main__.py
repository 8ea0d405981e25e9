"""The `chronicle` command, and `python -m chronicle`.

An interrupt while the program is still being loaded, or after it has ended, is heeded
by the system and not by Python, which would show where it was.
"""

import signal

__all__ = ["main"]


def main() -> None:
    """Load the command line, run it, and end with its exit code."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # else somebody wants it ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from chronicle.cli import main as command

    signal.signal(signal.SIGINT, before)
    try:
        command()
    finally:
        if before is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    main()
