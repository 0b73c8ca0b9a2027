// purpose: The nodes that there is one of are there before anybody races to make them.
// params: none
// returns: none
// access: write
// idempotent: yes
MERGE (catalogue:Catalogue {name: 'catalogue'})
  ON CREATE SET catalogue.revision = 0
MERGE (cursor:Cursor {name: 'journal'})
  ON CREATE SET cursor.sequence = 0
