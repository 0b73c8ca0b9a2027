// purpose: Calls by time.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE INDEX call_decided_at IF NOT EXISTS FOR (n:Call) ON (n.decided_at)
