// purpose: Catalogue nodes are found by name, and each name is there once.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE CONSTRAINT catalogue_name IF NOT EXISTS FOR (n:Catalogue) REQUIRE n.name IS UNIQUE
