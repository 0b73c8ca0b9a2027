// purpose: Twin nodes are found by twin_id, and each twin_id is there once.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE CONSTRAINT twin_twin_id IF NOT EXISTS FOR (n:Twin) REQUIRE n.twin_id IS UNIQUE
