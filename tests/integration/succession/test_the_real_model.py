"""The model that ships is tried, and takes over."""

from __future__ import annotations

from explainer.paths import adapter_dir
from explainer.service.live import Live
from explainer.service.succession import Heirs, Succession
from explainer.storage.drafts import SqlDraftCache
from explainer.writing.prompts import PromptLibrary
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.worker import BatchingEngine
from explainer.writing.writer import Writer
from tests.integration.succession.acting import (
    Scene,
    Telling,
    settle,
)


def test_the_real_model_is_tried_and_takes_over(database, model, registry, merged):
    from explainer.writing.cues import CueTable
    from explainer.writing.engines.openvino_genai import OpenVinoEngine

    a, b = registry.versions
    real = OpenVinoEngine(merged)
    real.adapter_hash = b
    scene = Scene(database, model, Telling(a))
    cues = CueTable.load(adapter_dir("en"))
    made = Writer(PromptLibrary(), load_vocabulary, BatchingEngine(real), SqlDraftCache(database), cues)
    live = Live(scene.explainer)
    succession = Succession(live, Heirs(lambda *_: made, scene.heirs.note, 0.0))
    registry.promote(b)
    settle(succession)
    assert succession.trouble == ""
    rows = live.explainer.explain_top("u1", 3)
    assert "model" in {row.source for row in rows}
    assert {row.writer_version for row in rows} == {live.explainer.writer_version}
    succession.close()
