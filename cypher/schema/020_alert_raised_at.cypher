// purpose: Closed alerts by time.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE INDEX alert_raised_at IF NOT EXISTS FOR (n:Alert) ON (n.raised_at)
