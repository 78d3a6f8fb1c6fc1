"""What parameters and tags mean, for those that do not say it where they are declared."""

from __future__ import annotations

from collections.abc import Mapping

from litestar.openapi.spec import Tag

PARAMETERS: Mapping[str, str] = {
    "user": "Id of a user, as the shop names them.",
    "item": "Id of an item of the catalogue.",
    "explanation_id": "Id of an explanation, as the answer that made it says.",
    "review_id": "Id of a review, as the queue says.",
    "behaviour": "Id of a behaviour, or of an item: then all that the user did with it.",
    "tag": "A tag as the user's tags spell it; case does not matter.",
    "k": "Length of the list.",
    "limit": "How many there are on a page.",
    "cursor": "Of a page: `next` of the page before it. Without one it is the first page.",
    "source": "Who wrote the text that was shown: `model` or `template`.",
    "since": "From this moment on; UTC where no zone is named.",
    "until": "Before this moment; UTC where no zone is named.",
    "state": "Whether it waits for a verdict or has one.",
    "cause": "Why it is in the queue.",
    "locale": "Language of the words.",
    "lang": "Language of the words around the text; the text stays as it was written.",
    "audience": "Who the text was written for.",
    "seed": "What the draw begins with: the same seed draws the same.",
    "n": "How many are drawn.",
    "seq": "Number of an entry of the audit log, from 1.",
    "size": "Entries of the log that the proof is for.",
    "first": "Entries of the earlier log.",
    "second": "Entries of the later log; without it the log as it is.",
    "after": "Only what is larger than this.",
    "month": "A month in UTC, as 2026-11; the one that runs by default.",
    "by": "What one step in time is.",
    "version": "Which versions are told apart.",
    "Idempotency-Key": "A name for this request: sent again under the same name, it is not done again.",
    "Prefer": "`wait=N`: wait for the model up to N seconds (RFC 7240).",
    "Last-Event-ID": "The last event that was read; what came before it is not sent again.",
}

_TAGS = {
    "explanations": "Why something was recommended: written, found, read, listened to, judged, taken back.",
    "recommendations": "A user's list as it is and as it would be, and why something is not in it.",
    "tags": "What a user comes back to; each can be deleted and restored.",
    "choices": "What a user has decided: behaviours that are not used, and whether anything is personal.",
    "subjects": "What a user may ask for: all that is held about them, and that it goes.",
    "catalogue": "Items and behaviours, taken in batches and read back.",
    "parameters": "How the recommender decides, in plain words.",
    "reviews": "Texts that were reported or sampled, and what reviewers found.",
    "audit": "Whether all is on record as it was, and who looked at it.",
    "embed": "Explanations on a shop's page.",
    "operation": "For the machines that watch the service.",
}
TAGS = [Tag(name, description) for name, description in _TAGS.items()]
