// purpose: Remember that a migration ran.
// params: number (integer), checksum (text), name (text)
// returns: none
// access: write
// idempotent: yes
MERGE (m:Migration {number: $number})
SET m.checksum = $checksum, m.name = $name
