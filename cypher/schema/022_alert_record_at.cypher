// purpose: Transitions of alerts by time.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE INDEX alert_record_at IF NOT EXISTS FOR (n:AlertRecord) ON (n.at)
