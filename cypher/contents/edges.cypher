// purpose: Every edge, for a backup, its ends by the keys of their labels (graph/contents.py has which that is).
// params: none
// returns: type, properties, from_labels, from_key, to_labels, to_key
// access: read
// idempotent: yes
MATCH (a)-[e]->(b)
RETURN type(e) AS type, properties(e) AS properties, labels(a) AS from_labels,
       coalesce(a.key, a.record_id, a.alert_id, a.call_id, a.entry_id, a.script_id, a.overlay_id, a.twin_id, a.type_id,
                a.name) AS from_key,
       labels(b) AS to_labels,
       coalesce(b.key, b.record_id, b.alert_id, b.call_id, b.entry_id, b.script_id, b.overlay_id, b.twin_id, b.type_id,
                b.name) AS to_key
