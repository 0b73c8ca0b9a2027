// purpose: Where an overlay's RELATED edges start, so that they are found again without a scan.
// params: rows (list of {id, sources: list of twin ids})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (o:Overlay {overlay_id: row.id})
SET o.related_sources = row.sources
