// purpose: Make whoever asks the one actor of this graph: all that held an earlier epoch write nothing any more.
// params: none
// returns: epoch
// access: write
// idempotent: yes
MERGE (i:Installation {name: 'installation'})
  ON CREATE SET i.epoch = 0
SET i.epoch = i.epoch + 1
RETURN i.epoch AS epoch
