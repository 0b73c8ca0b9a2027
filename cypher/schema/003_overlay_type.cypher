// purpose: OverlayType nodes are found by type_id, and each type_id is there once.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE CONSTRAINT overlay_type_type_id IF NOT EXISTS FOR (n:OverlayType) REQUIRE n.type_id IS UNIQUE
