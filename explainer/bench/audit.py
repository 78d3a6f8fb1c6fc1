"""How fast the audit log is: appending, verifying, proving; and whether what is done to it is found."""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

from explainer.audit.checkpointer import sign_head
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.log import append
from explainer.audit.notes import Signer
from explainer.audit.proofs import check_proof, prove_inclusion
from explainer.bench.erasure import measure as erased_in
from explainer.bench.errors import BenchError
from explainer.bench.tampers import CLEAN, FLIPS, tampered
from explainer.storage.database import Database

_BATCH, _WRITERS, _SINGLE, _PROOFS = 1000, 8, 50, 50
_RECORD = {"explanation": "00000000-0000-0000-0000-000000000000", "text": "You gave Alien 5 stars.", "share": 0.42}
OnStep = Callable[[str, int, int], None]
_PEAK = """
import re, sys
from pathlib import Path
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.notes import Verifier
from explainer.audit.sources import stored_entries, StoredNodes
from explainer.audit.verify import verify
from explainer.storage.database import Database
with Database(sys.argv[1]).session() as session:
    checkpoints = CheckpointFolder(Path(sys.argv[2])).read(Verifier.read(sys.argv[3]))
    found = verify(stored_entries(session), checkpoints, StoredNodes(session))
    assert found.checkpoints == int(sys.argv[4]), found
# Not getrusage: what it says of a process counts the one that started it, too.
print(int(re.search("VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024)
"""


def measure(url: str, folder: Path, entries: int, on_step: OnStep) -> dict[str, float]:
    """Return the figures of a log of so many entries on an empty database, signed as a service signs it.

    Args:
        url: The database's.
        folder: For the checkpoints; empty or not there.
        entries: How long the log grows.
        on_step: Called with (what, done, total).

    Raises:
        BenchError: If a proof does not hold.
    """
    database, checkpoints, signer = Database(url), CheckpointFolder(folder), Signer.new("bench")
    database.migrate()
    batch = _appended(database, checkpoints, signer, entries, on_step)
    single = _one_by_one(database)
    proof = _proved(database, checkpoints, signer)
    database.engine.dispose()
    gc.collect()
    verified, peak = _verified(url, checkpoints, signer, entries)
    return {
        "append_batch_per_s": batch,
        "append_single_per_s": single,
        "verify_per_s": verified,
        "proof_ms": proof,
        "verify_peak_mb": peak,
        "entries": entries,
    }


def _appended(
    database: Database, checkpoints: CheckpointFolder, signer: Signer, entries: int, on_step: OnStep
) -> float:
    """Return how many entries a second are written in batches, each of which is signed when the clock stands still."""
    seconds = 0.0
    for done in range(0, entries, _BATCH):
        begun = time.perf_counter()
        with database.session() as session:
            for number in range(min(_BATCH, entries - done)):
                append(session, "bench.happened", str(done + number), _RECORD)
        seconds += time.perf_counter() - begun
        sign_head(database, checkpoints, signer)
        on_step("appending", min(entries, done + _BATCH), entries)
    return entries / seconds


def _one_by_one(database: Database) -> float:
    """Return how many entries a second eight writers commit, each with one in its transaction."""

    def write(writer: int) -> None:
        for number in range(_SINGLE):
            with database.session() as session:
                append(session, "bench.happened", f"{writer}-{number}", _RECORD)

    begun = time.perf_counter()
    with ThreadPoolExecutor(_WRITERS) as pool:
        list(pool.map(write, range(_WRITERS)))
    return _WRITERS * _SINGLE / (time.perf_counter() - begun)


def _proved(database: Database, checkpoints: CheckpointFolder, signer: Signer) -> float:
    """Return the median milliseconds of a proof as an auditor gets it; each is checked, up to its signature."""
    times, random, signed = [], Random(7), checkpoints.newest()
    for _ in range(_PROOFS):
        seq = random.randint(1, signed)
        with database.session() as session:
            begun = time.perf_counter()
            proof = prove_inclusion(session, checkpoints, seq)
            times.append(time.perf_counter() - begun)
        if not check_proof(proof, [signer.verifier]).signed:
            raise BenchError(f"The proof of entry {seq} does not lead to a signed root.")
    return 1000 * statistics.median(times)


def _verified(url: str, checkpoints: CheckpointFolder, signer: Signer, entries: int) -> tuple[float, float]:
    """Return entries verified per second, and the memory that took, MB, in a process of its own."""
    told = [url, str(checkpoints.folder), str(signer.verifier), str(len(checkpoints.sizes()))]
    begun = time.perf_counter()
    run = subprocess.run([sys.executable, "-c", _PEAK, *told], capture_output=True, text=True, check=False)  # noqa: S603
    seconds = time.perf_counter() - begun
    if run.returncode:
        raise BenchError(f"The log could not be verified: {run.stderr[-500:]}")
    return entries / seconds, float(run.stdout)


def sqlite_and_postgresql(folder: Path, postgres: str | None, entries: int, on_step: OnStep) -> dict[str, Any]:
    """Return the figures on SQLite, and on PostgreSQL under its name where there is one."""
    found: dict[str, Any] = measure(f"sqlite:///{folder / 'log.db'}", folder / "signed", entries, on_step)
    found |= tampered(f"sqlite:///{folder / 'tampered.db'}", folder / "tampers", FLIPS, CLEAN, on_step).report()
    if postgres is not None:
        found["postgresql"] = measure(postgres, folder / "signed-too", min(entries, 20_000), on_step)
        # The bar for single entries is PostgreSQL's: there a commit waits for the disk.
        found["append_single_per_s"] = found["postgresql"]["append_single_per_s"]
    on_step("erasing a person", 0, 1)
    found["erasure_s"] = erased_in(f"sqlite:///{folder / 'erased.db'}", folder)
    if postgres is not None:
        found["postgresql"]["erasure_s"] = erased_in(postgres, folder)
    on_step("erasing a person", 1, 1)
    return found
