import assert from "node:assert/strict";
import { test } from "node:test";

import { DOWNSTREAM, TWINS_PAGE } from "../documents.js";
import { connected, until } from "./station.js";

test("pages that are fetched one after the other are one list in the cache", async (t) => {
  const { apollo } = connected(t);
  const pages = apollo.watchQuery({ query: TWINS_PAGE, variables: { where: { type: ["pump"] }, first: 3 } });
  const watching = pages.subscribe({});
  t.after(() => watching.unsubscribe());
  const first = await until(() => pages.getCurrentResult().data?.twins, "the first page");
  assert.equal(first.edges?.length, 3);
  for (let more = first.pageInfo; more?.hasNextPage; ) {
    const { data } = await pages.fetchMore({ variables: { after: more.endCursor ?? null } });
    more = data?.twins.pageInfo;
  }
  const shown = () => pages.getCurrentResult().data?.twins;
  await until(() => shown()?.edges?.length === shown()?.totalCount, "all of them");
  assert.deepEqual(
    shown()?.edges?.map((edge) => edge?.node?.twinId),
    [1, 2, 3, 4, 5, 6, 7].map((number) => `pump_${number}`),
  );
});

test("what lies downstream comes nearest first, with the way there", async (t) => {
  const { apollo } = connected(t);
  const { data } = await apollo.query({ query: DOWNSTREAM, variables: { twinId: "well", maxDepth: 4 } });
  const found = data?.twin?.related.edges.map(({ depth, node }) => `${depth} ${node.twinId}`);
  assert.deepEqual(found, ["1 pump_1", "1 pump_2", "2 tower"]);
});
