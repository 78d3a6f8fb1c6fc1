"""``python -m tests.fuzz TARGET CORPUS [libFuzzer options]``: run the coverage-guided fuzzer atheris on a target.

CORPUS is a folder; what the fuzzer learned stays there, so that the next run begins where this one ended. What breaks a
promise is written to ``crash-*`` there; move it to ``tests/fuzz/found/TARGET`` to keep it as a test.
"""

from __future__ import annotations

import sys
from pathlib import Path

try:
    import atheris
except ImportError:
    sys.exit("The fuzzer needs atheris (Linux, CPython 3.11 to 3.13): make fuzz installs it in a place of its own.")


def main(name: str, corpus: str, *options: str) -> None:
    with atheris.instrument_imports(include=["explainer.audit"]):
        from tests.fuzz.targets import TARGETS
    target, seeds = TARGETS[name]
    folder = Path(corpus) / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number}").write_bytes(seed)
    prefix = f"-artifact_prefix={Path(corpus) / 'found'}-{name}-"
    atheris.Setup([sys.argv[0], str(folder), prefix, "-max_len=4096", *options], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
