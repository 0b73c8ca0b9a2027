// purpose: Calls by the twin that they go to.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE INDEX call_twin_id IF NOT EXISTS FOR (n:Call) ON (n.twin_id)
