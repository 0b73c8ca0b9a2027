// purpose: Alerts by who owns their behavior.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE INDEX alert_owner IF NOT EXISTS FOR (n:Alert) ON (n.owner)
