"""`python -m chronicle` is the `chronicle` command."""

from chronicle.cli import main

if __name__ == "__main__":
    main()
