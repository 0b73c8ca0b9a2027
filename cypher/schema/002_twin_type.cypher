// purpose: TwinType nodes are found by type_id, and each type_id is there once.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE CONSTRAINT twin_type_type_id IF NOT EXISTS FOR (n:TwinType) REQUIRE n.type_id IS UNIQUE
