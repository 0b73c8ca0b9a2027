// purpose: Where behaviors stand that were written since; with -1 all that ever were.
// params: after (integer: a sequence, itself included)
// returns: key, state, evidence, since, at
// access: read
// idempotent: yes
MATCH (b:Behavior)
WHERE b.at IS NOT NULL AND coalesce(b.sequence, -1) >= $after
RETURN b.key AS key, b.state AS state, b.evidence AS evidence, b.since AS since, b.at AS at
