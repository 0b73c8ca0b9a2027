// purpose: Overlay nodes are found by overlay_id, and each overlay_id is there once.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE CONSTRAINT overlay_overlay_id IF NOT EXISTS FOR (n:Overlay) REQUIRE n.overlay_id IS UNIQUE
