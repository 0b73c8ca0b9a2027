// purpose: Drop every RELATED edge that overlays declare, found from the sources that each remembers.
// params: rows (list of overlay ids)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS id
MATCH (o:Overlay {overlay_id: id})
UNWIND o.related_sources AS source
MATCH (:Twin {twin_id: source})-[e:RELATED]->(:Twin)
WHERE e.declared_by = 'overlay/' + id
DELETE e
