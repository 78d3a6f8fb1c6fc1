"""Where figures come from: the machine, its software, and how busy it is."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("numpy", "scipy", "torch", "sqlalchemy", "litestar", "openvino", "transformers")
_LOOPS = 10_000_000
PROCESSOR, CORES, PYTHON = "Processor", "Cores", "Python"
LOOP, LOAD, CODE = "Ten million additions in Python", "Load of the minute before", "Code"
OF_THE_MOMENT = (LOOP, LOAD, CODE)
"""What may differ from part to part on one machine."""


def machine() -> dict[str, str]:
    """Describe this machine, whoever measures on it, with a loop that tells how fast it is today."""
    load = f"{os.getloadavg()[0]:.2f}"
    begun = time.perf_counter()
    total = 0
    for number in range(_LOOPS):
        total += number
    loop = time.perf_counter() - begun
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        PROCESSOR: _processor(),
        CORES: str(os.cpu_count()),
        "Memory": f"{memory:.1f} GiB",
        "System": platform.platform(),
        PYTHON: platform.python_version(),
        "Packages": ", ".join(f"{name} {_version(name)}" for name in _PACKAGES),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "not set"),
        CODE: code(),
        LOOP: f"{loop:.2f} s",
        LOAD: load,
    }


def code() -> str:
    """Return the version, and the commit where this is a checkout."""
    own = _version("recommended-because")
    here = Path(__file__).resolve().parent
    try:
        found = subprocess.run(  # noqa: S603  our own command
            ["git", "-C", str(here), "describe", "--always", "--dirty"],  # noqa: S607  whichever git there is
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return own
    return f"{own}, commit {found.stdout.strip()}"


def _processor() -> str:
    """Return the processor's name, as far as this system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    names = (line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
