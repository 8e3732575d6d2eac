"""The platform under its own supervisor, as ``make run`` starts it, with a second worker; ``bare`` starts the databases alone."""

from __future__ import annotations

import sys

import embedded.__main__ as one_machine

if __name__ == "__main__":
    if "bare" in sys.argv[1:]:
        for name in ("web", "worker", "beat"):
            del one_machine.PROGRAMS[name]
    else:
        one_machine.PROGRAMS["second"] = "worker"
    one_machine.main()
