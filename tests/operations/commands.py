"""Commands of the platform as an operator gives them: each a process of its own, begun in one that has loaded the libraries.

Loading them is most of what a command costs. What a command reads of its surroundings (environment, arguments, working folder,
standard streams) is its own.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import IO

from tests.journeys.platform import ROOT

_begin = multiprocessing.get_context("forkserver")
_begin.set_forkserver_preload(["tests.operations.loaded"])


def flask(*words: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """``flask --app app`` with these words and nothing but this environment; what it said and how it ended."""
    with tempfile.NamedTemporaryFile() as said, tempfile.NamedTemporaryFile() as complained:
        process = _begin.Process(target=_become, args=(words, dict(env), said.name, complained.name))
        process.start()
        process.join()
        code = process.exitcode
        process.close()
        assert code is not None
        return subprocess.CompletedProcess(words, code, _text(said), _text(complained))


def _text(file: IO[bytes]) -> str:
    return file.read().decode()


def _become(words: tuple[str, ...], env: dict[str, str], said: str, complained: str) -> None:
    """The command: from here on the process knows nothing of the test."""
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(env)
    for number, name in ((0, os.devnull), (1, said), (2, complained)):
        file = os.open(name, os.O_RDWR | os.O_APPEND)
        os.dup2(file, number)
        os.close(file)
    sys.stdout, sys.stderr = (open(n, "w", encoding="utf-8", closefd=False) for n in (1, 2))  # noqa: SIM115 - they end with it
    sys.argv = ["flask", "--app", "app", *words]
    from flask.cli import main

    main()
