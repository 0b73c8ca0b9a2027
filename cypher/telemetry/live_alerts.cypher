// purpose: Alerts that were written since, closed ones too.
// params: after (integer: a sequence, itself included)
// returns: document
// access: read
// idempotent: yes
MATCH (a:Alert)
WHERE a.sequence >= $after
RETURN a.document AS document
