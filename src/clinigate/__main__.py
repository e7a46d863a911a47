"""`python -m clinigate` is `clinigate`."""

from __future__ import annotations

from clinigate.cli import main

if __name__ == "__main__":
    main()
