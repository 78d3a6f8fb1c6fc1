"""What an auditor takes away: a folder that proves itself, without us and without our database.

``manifest.json`` names every file with its size and SHA-256, what was searched, how a sample was drawn, the size and
root of the log, and what is not shown; ``manifest.note`` is its hash, signed with the key that signs checkpoints. The
chain from what somebody was shown to what was signed has four links, each in a file:

    records.jsonl   a record as it lies in the database, with its entries: number, event, digest, time. Each text,
                    complaint, suppression, counterfactual, verdict and look has its entry, and each entry is listed
    salts.jsonl     a line for each of these entries, in their order: the salt, and what was digested as canonical JSON,
                    so SHA-256(salt + digested) is the entry's digest; an auditor gets the salts of the records that
                    they get and no others, and what was erased has none any more
    log.jsonl       every entry of the log up to the package; SHA-256(0x00 + line) is its leaf in the tree of RFC 6962
    checkpoints/    signed roots of that tree

``removals.jsonl`` has what was erased, or had its time: the numbers of entries whose records went, and of whom not a
word, each proved as a record is. So it can be told that nothing else is missing: all that the log says was made in the
time of the search is in the package, among the ids that a sample was drawn from, or in there.

``verify_alone.py`` runs on log and checkpoints as they are.
``records.parquet`` has the same records, a row an explanation.
"""
