// purpose: Alert nodes are found by alert_id, and each alert_id is there once.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE CONSTRAINT alert_alert_id IF NOT EXISTS FOR (n:Alert) REQUIRE n.alert_id IS UNIQUE
