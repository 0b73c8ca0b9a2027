// purpose: Every transition of an alert, tied to it. The alert itself may come with a later batch of the same facts.
// params: rows (list of {record_id, alert_id, at, transition, owner, twins, document})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MERGE (a:Alert {alert_id: row.alert_id})
MERGE (r:AlertRecord {record_id: row.record_id})
SET r.alert_id = row.alert_id, r.at = row.at, r.transition = row.transition, r.owner = row.owner, r.twins = row.twins,
    r.document = row.document
MERGE (a)-[:HAS_RECORD]->(r)
