// purpose: Live values. A row of a former life of its twin finds no property and is dropped.
// params: rows (list of {key, life, value, value_kind, number, quality, timestamp, reported_at, known, reason,
//   override}), sequence (integer: what this batch reaches)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (p:Property {key: row.key})
WHERE p.life = row.life
SET p.value = row.value, p.value_kind = row.value_kind, p.number = row.number, p.quality = row.quality,
    p.timestamp = row.timestamp, p.reported_at = row.reported_at, p.known = row.known, p.reason = row.reason,
    p.override = row.override, p.sequence = $sequence
