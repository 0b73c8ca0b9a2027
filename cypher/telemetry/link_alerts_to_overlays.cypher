// purpose: Tie alerts to the overlays that they concern.
// params: rows (list of {alert_id, overlay_id})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (a:Alert {alert_id: row.alert_id})
MATCH (n:Overlay {overlay_id: row.overlay_id})
MERGE (a)-[:CONCERNS]->(n)
