import assert from "node:assert/strict";
import { test } from "node:test";

import { PROPERTY_CHANGED, TWINS_PAGE } from "../documents.js";
import { ask, follow } from "../plain.js";
import { ADDRESS, connected, set } from "./station.js";

test("fetch answers with what the document asks for", async () => {
  const { twins } = await ask(ADDRESS, TWINS_PAGE, { where: { type: ["tank"] }, first: 10 });
  assert.deepEqual(
    twins.edges.map(({ node }) => node.twinId),
    ["tower", "well"],
  );
});

test("fetch throws what the server says", async () => {
  await assert.rejects(ask(ADDRESS, TWINS_PAGE, { where: { type: ["pmp"] }, first: 1 }), /^Error: UNKNOWN_TWIN_TYPE: /);
});

test("graphql-ws alone follows a value", async (t) => {
  const { sockets } = connected(t);
  const seen: unknown[] = [];
  for await (const push of follow(sockets, PROPERTY_CHANGED, { twinIds: ["tower"], properties: ["level"] })) {
    seen.push(push.propertyChanged.node?.value.json);
    if (seen.length === 1) await set("tower", "level", 12.5);
    if (seen.length === 2) break;
  }
  assert.deepEqual(seen.at(-1), 12.5);
});
