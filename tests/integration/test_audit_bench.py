"""The figures of the audit log are those of a log that is signed: verified and proved up to its checkpoints."""

from __future__ import annotations

from explainer.audit.checkpoints import CheckpointFolder
from explainer.bench import audit


def test_what_is_measured_is_a_signed_log(tmp_path, monkeypatch):
    monkeypatch.setattr(audit, "_BATCH", 100)
    url, folder, seen = f"sqlite:///{tmp_path / 'log.db'}", tmp_path / "signed", []
    told = audit.measure(url, folder, 300, lambda *step: seen.append(step))
    assert CheckpointFolder(folder).sizes() == [100, 200, 300]
    assert (told["entries"], seen[-1]) == (300, ("appending", 300, 300))
    assert min(told.values()) > 0
