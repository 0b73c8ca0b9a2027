// purpose: Where behaviors stand.
// params: rows (list of {key, state, evidence, since, at, skipped: list of text}), sequence (integer: what this batch
//   reaches)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (b:Behavior {key: row.key})
SET b.state = row.state, b.evidence = row.evidence, b.since = row.since, b.at = row.at, b.skipped = row.skipped,
    b.sequence = $sequence
