// purpose: Installation nodes are found by name, and each name is there once.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE CONSTRAINT installation_name IF NOT EXISTS FOR (n:Installation) REQUIRE n.name IS UNIQUE
