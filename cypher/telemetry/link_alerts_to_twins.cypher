// purpose: Tie alerts to the twins that they concern.
// params: rows (list of {alert_id, twin_id})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (a:Alert {alert_id: row.alert_id})
MATCH (n:Twin {twin_id: row.twin_id})
MERGE (a)-[:CONCERNS]->(n)
