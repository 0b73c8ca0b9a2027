// purpose: Ranges over one property of all twins ("every pump above 80 degrees").
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE INDEX property_name_number IF NOT EXISTS FOR (n:Property) ON (n.name, n.number)
