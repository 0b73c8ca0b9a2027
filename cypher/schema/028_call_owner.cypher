// purpose: Calls by who owns the behavior that decided them.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE INDEX call_owner IF NOT EXISTS FOR (n:Call) ON (n.owner)
