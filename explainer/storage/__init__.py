"""SQL: tables and the repositories that read and write them. Knows no web."""
