// purpose: Alerts as they stand now; the document has all of each.
// params: rows (list of {alert_id, owner, behavior, code, severity, message, words, twins, raised_at, active,
//   acknowledged, shelved, suppressed, closed, document}; words is the message in lower case), sequence (integer: what
//   this batch reaches)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MERGE (a:Alert {alert_id: row.alert_id})
SET a.owner = row.owner, a.behavior = row.behavior, a.code = row.code, a.severity = row.severity,
    a.message = row.message, a.words = row.words, a.twins = row.twins, a.shelved = row.shelved,
    a.suppressed = row.suppressed, a.raised_at = row.raised_at, a.active = row.active, a.acknowledged = row.acknowledged,
    a.closed = row.closed, a.document = row.document, a.sequence = $sequence
