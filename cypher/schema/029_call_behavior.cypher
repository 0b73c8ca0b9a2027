// purpose: Calls by the behavior that decided them.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE INDEX call_behavior IF NOT EXISTS FOR (n:Call) ON (n.behavior)
