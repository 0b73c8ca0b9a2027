import assert from "node:assert/strict";
import { test } from "node:test";

import { IMPACT, LIVE_IMPACT } from "../documents.js";
import type { ImpactInput } from "../gql/graphql.js";
import { connected, pushes, set, until } from "./station.js";

test("one pump of two leaves the tower degraded, both of them take it along", async (t) => {
  const { apollo } = connected(t);
  const states = async (failure: string[]) => {
    const { data } = await apollo.query({ query: IMPACT, variables: { input: { change: { failure } } } });
    return data?.impact.twins.nodes.map(({ twinId, state }) => `${twinId} ${state}`);
  };
  assert.deepEqual(await states(["pump_1"]), ["pump_1 LOST", "tower DEGRADED"]);
  assert.deepEqual((await states(["pump_1", "pump_2"]))?.sort(), ["pump_1 LOST", "pump_2 LOST", "tower LOST"]);
});

test("an analysis is pushed again as the plant stands otherwise", async (t) => {
  const { apollo } = connected(t);
  const input: ImpactInput = { change: { failure: ["pump_1"] } };
  const { seen } = pushes(t, apollo, LIVE_IMPACT, { input });
  const troubles = () =>
    seen
      .at(-1)
      ?.liveImpact.impact?.twins.nodes.find(({ twinId }) => twinId === "tower")
      ?.groups.flatMap(({ remaining }) => remaining.flatMap((item) => item.troubles));
  await until(() => troubles() !== undefined, "the first answer");
  await set("pump_2", "temperature", 95);
  await until(() => troubles()?.includes("ALERTING"), "the standby is seen to be in trouble");
  await set("pump_2", "temperature", 20);
});

test("of an input that is one of several exactly one compiles", () => {
  const one: ImpactInput = { change: { maintenance: ["pump_1"] } };
  // @ts-expect-error two of them
  const two: ImpactInput = { change: { failure: ["pump_1"], maintenance: ["pump_1"] } };
  // @ts-expect-error none of them
  const none: ImpactInput = { change: {} };
  assert.notDeepEqual(two, none);
  assert.ok(one);
});
