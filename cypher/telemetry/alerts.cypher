// purpose: Alerts by id.
// params: rows (list of alert ids)
// returns: id, document (JSON)
// access: read
// idempotent: yes
UNWIND $rows AS id
MATCH (a:Alert {alert_id: id})
RETURN a.alert_id AS id, a.document AS document
