"""A shop that asks for tokens, and what its pages then send."""

from __future__ import annotations

from datetime import timedelta

SHOP = "https://shop.example"
HOUR = timedelta(hours=1)


def ask(client, key, explanation, body=None):
    return client.post(f"/v1/explanations/{explanation}/embed-token", headers=key, json=body)


def bearer(token):
    return {"Authorization": f"Embed {token}"}
