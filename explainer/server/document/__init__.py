"""The OpenAPI document: what handlers say of themselves, completed in one place by what holds for all of them."""
