// purpose: RelationshipType nodes are found by name, and each name is there once.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE CONSTRAINT relationship_type_name IF NOT EXISTS FOR (n:RelationshipType) REQUIRE n.name IS UNIQUE
