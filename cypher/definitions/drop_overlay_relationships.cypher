// purpose: Drop every RELATED edge that overlays declare, found from the sources that each remembers. The
//   overlay itself is let go of first: with each edge to delete the embedded engine would keep its document in memory.
//   All are found first; see unbind_overlays.
// params: rows (list of overlay ids)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS id
MATCH (o:Overlay {overlay_id: id})
WITH id, o.related_sources AS sources
UNWIND sources AS source
MATCH (:Twin {twin_id: source})-[e:RELATED]->(:Twin)
WHERE e.declared_by = 'overlay/' + id
WITH collect(DISTINCT e) AS found
UNWIND found AS e
DELETE e
