"""Item embeddings in PostgreSQL by pgvector: stored once for all processes, searched by an HNSW graph."""
