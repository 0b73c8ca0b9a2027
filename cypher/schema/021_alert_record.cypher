// purpose: AlertRecord nodes are found by record_id, and each record_id is there once.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE CONSTRAINT alert_record_record_id IF NOT EXISTS FOR (n:AlertRecord) REQUIRE n.record_id IS UNIQUE
