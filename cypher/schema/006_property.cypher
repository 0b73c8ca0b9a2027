// purpose: Property nodes are found by key, and each key is there once.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE CONSTRAINT property_key IF NOT EXISTS FOR (n:Property) REQUIRE n.key IS UNIQUE
