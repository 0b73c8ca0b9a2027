// purpose: Drop the INSTANCE_OF edges of overlays to types that are no longer theirs.
// params: rows (list of {id, overlay_type})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (:Overlay {overlay_id: row.id})-[e:INSTANCE_OF]->(k:OverlayType)
WHERE row.overlay_type IS NULL OR k.type_id <> row.overlay_type
DELETE e
