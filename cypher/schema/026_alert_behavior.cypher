// purpose: Alerts by their behavior.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE INDEX alert_behavior IF NOT EXISTS FOR (n:Alert) ON (n.behavior)
