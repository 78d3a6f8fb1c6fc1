"""The web: Litestar app, API, one page."""
