"""Schemathesis against the whole document: no fault of ours, and no answer that the document does not tell of."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
import schemathesis
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import Status, events, from_schema

from explainer.access import Role
from explainer.access.keys import create_key
from explainer.access.roles import GRANTS
from explainer.audit.checkpointer import sign_head
from explainer.audit.checkpoints import CheckpointFolder
from explainer.audit.notes import Signer
from explainer.server.app import create_app
from explainer.server.parts import Parts
from explainer.service.embed import embed_token
from explainer.service.feedback import FeedbackKind, give_feedback
from explainer.service.package.write import Packer
from explainer.storage.reviews import list_reviews
from tests.conftest import HashEncoder
from tests.integration.conftest import UNLIMITED

DOCUMENT = "/schema/openapi.json"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)
HEADERS = {ParameterLocation.HEADER}
CASE = {"X-Ticket": "T-1", "X-Purpose": "The customer asks why."}
BOUNDED = {
    "seed": 17,
    "continue-on-failure": True,
    "generation": {"deterministic": True, "max-examples": 12, "database": "none", "with-security-parameters": False},
    "checks": {"enabled": False, **{check: {"enabled": True} for check in CHECKS}},
    "phases": {"stateful": {"enabled": False}},
    "operations": [  # their rows are judged one by one: a bad row is told of in the answer, which is a success
        {
            "include-operation-id": ["put_items", "post_behaviours"],
            "checks": {"negative_data_rejection": {"enabled": False}},
        }
    ],
}


@pytest.fixture
def known(explainer, database, dataset):
    """Ids of what there is, by the names that parameters and fields have for it; some operations need their own.

    What one of them excludes or deletes must not be what another has to find.
    """
    first, second = explainer.explain_top("u1", 2)
    give_feedback(database, first.id, FeedbackKind.WRONG, "", "test")
    with database.session() as session:
        (review, *_), _ = list_reviews(session, None, None, 10)
    mine, others = (next(b for b in dataset.behaviours if b.user == user) for user in ("u1", "u4"))
    tags = {user: explainer.tags.of(user).tags[0].tag for user in ("u1", "u2", "u3")}
    explainer.tags.delete("u3", tags["u3"])
    ids = {
        "user": "u1",
        "item": second.item_id,
        "items": [second.item_id],
        "explanation_id": first.id,
        "review_id": review.id,
        "behaviour": mine.id,
        "behaviours": [mine.id],
        "tag": tags["u1"],
    }
    own = {
        "delete_user": {"user": "u5"},
        "delete_user_tag": {"user": "u2", "tag": tags["u2"]},
        "put_user_tag": {"user": "u3", "tag": tags["u3"]},
        "post_user_preview": {"user": "u4", "exclude": [others.item]},
    }

    turns = Counter()

    @schemathesis.hook
    def before_call(context, case, kwargs):
        """Let every other case be about what there is: what was only made up reaches no success."""
        operation = case.operation.definition.raw["operationId"]
        if case.method.lower() == case.operation.method.lower() and not negated(case):
            turns[operation] += 1
            if turns[operation] % 2:
                put_into(case, ids | own.get(operation, {}))

    yield ids
    schemathesis.hooks.unregister(before_call)


def put_into(case, known):
    for part in (case.path_parameters, case.query, case.body):
        if isinstance(part, dict):
            held = {name for name, value in part.items() if isinstance(value, str | list)}
            part.update({name: known[name] for name in held & known.keys()})
    case.headers.update(CASE)


def negated(case):
    """Return the parts of a case that are meant to be wrong."""
    if case.meta is None or case.meta.generation.mode is not GenerationMode.NEGATIVE:
        return set()
    return {part for part, how in case.meta.components.items() if how.mode is GenerationMode.NEGATIVE}


@pytest.mark.parametrize("role", [Role.ADMIN, Role.APP])
def test_every_answer_is_one_that_the_document_tells_of(explainer, database, known, role, tmp_path):
    with database.session() as session:
        key = create_key(
            session, "test", role, scopes=GRANTS[role]
        )  # some scopes of a program's are given by name only
    token = embed_token(database, known["explanation_id"], timedelta(hours=1)).token
    headers = {"X-API-Key": key, "Authorization": f"Embed {token}"}
    packer = Packer(CheckpointFolder(tmp_path / "checkpoints"), Signer.new("shop"), tmp_path / "scratch")
    sign_head(database, packer.folder, packer.signer)
    app = create_app(explainer, queue=8, parts=Parts(encoder=HashEncoder(), rates=UNLIMITED, packer=packer))
    config = SchemathesisConfig.from_dict(BOUNDED | {"headers": headers})
    api = schemathesis.openapi.from_asgi(DOCUMENT, app, config=config, headers=headers)
    faults, answered = [], {}
    for event in from_schema(api).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            faults.append(str(event))
        elif isinstance(event, events.ScenarioFinished):
            faults += failures(event.recorder)
            answered.setdefault(event.recorder.label, set()).update(statuses(event.recorder))
    assert not faults, "\n\n".join(faults)
    for operation in (one.ok() for one in api.get_all_operations()):
        said = operation.definition.raw["description"]
        may = "Roles: " not in said or role in said.rpartition("Roles: ")[2].rstrip(".").split(", ")
        assert any(status < 300 for status in answered[operation.label]) is may, operation.label


def statuses(recorder):
    """Return what came back for the operation itself; other methods are tried, too."""
    made = (one for one in recorder.interactions.values() if recorder.label.startswith(f"{one.request.method} "))
    return {one.response.status_code for one in made if one.response is not None}


def failures(recorder):
    for case_id, checks in recorder.checks.items():
        sent = recorder.interactions[case_id]
        for check in checks:
            if check.status is not Status.SUCCESS:
                failure = check.failure_info.failure
                if check.name == "negative_data_rejection" and negated(recorder.cases[case_id].value) == HEADERS:
                    continue  # a header is text, of whatever type it was made, and there may be any number of others
                said = sent.response.content[:300] if sent.response is not None else None
                asked = f"{sent.request.method} {sent.request.uri} {sent.request.body}"
                yield f"{recorder.label}: {failure.title}: {failure.message}\n{asked} → {said}"
