"""What is to write is tried on facts that it is asked about; with none of those it is refused."""

from __future__ import annotations

import pytest

from explainer.errors import AssetError
from explainer.evidence.firewall import PrivateWords
from explainer.registry.samples import sample_evidence
from explainer.registry.tried_writer import require_writes
from explainer.writing.cues import CueTable, signature
from explainer.writing.prompts import PromptLibrary
from explainer.writing.style import Style
from explainer.writing.texts import Request
from explainer.writing.vocabularies import load_vocabulary
from explainer.writing.writer import Writer, told_facts
from tests.integration.succession.acting import Telling
from tests.unit.test_writer import BAD, ScriptedEngine

EARLY = 4


def signatures():
    told = [told_facts(Request(one, "trial"), Style()) for one in sample_evidence("video")]
    return [signature(one, Style()) for one in told]


def writer(engine, cues=None):
    return Writer(PromptLibrary(), load_vocabulary, engine, None, cues)


def test_one_that_was_taught_another_domain_is_refused():
    with pytest.raises(AssetError, match=r"writes nothing for this domain \(shop\)"):
        require_writes(writer(ScriptedEngine(BAD)), "shop")


def test_one_whose_cues_fit_no_facts_is_refused():
    engine = ScriptedEngine(BAD)
    with pytest.raises(AssetError, match=r"writes nothing for this domain \(video\)"):
        require_writes(writer(engine, CueTable({"of nothing": ["{item}"]})), "video")
    assert engine.asked == []


def test_one_whose_cues_fit_only_later_facts_is_tried_on_those():
    known = [one for one in signatures() if one not in signatures()[:EARLY]]
    assert known
    with pytest.raises(AssetError, match="passes the gate"):
        require_writes(writer(ScriptedEngine(BAD, BAD), CueTable({known[0]: ["{item}"]})), "video")


def test_an_operators_private_words_are_no_fault_of_what_is_tried():
    words = PrivateWords.of(["noir", "war", "film"])
    require_writes(Writer(PromptLibrary(), load_vocabulary, Telling("a"), private_words=words), "video")
