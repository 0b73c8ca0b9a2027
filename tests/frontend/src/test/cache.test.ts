import assert from "node:assert/strict";
import { test } from "node:test";

import { ACKNOWLEDGE, ALERT_CHANGED, ALERT_ROW, LIVE_PROPERTY, OPEN_ALERTS, PROPERTY_CHANGED, SET_PROPERTY, TWINS_PAGE } from "../documents.js";
import { connected, pushes, set, until } from "./station.js";

type Client = ReturnType<typeof connected>["apollo"];

async function propertyOf(apollo: Client, twinId: string, name: string): Promise<string> {
  const { data } = await apollo.query({ query: TWINS_PAGE, variables: { where: { text: twinId }, first: 1 } });
  const property = data?.twins.edges[0]?.node.properties.find((item) => item.name === name);
  assert.ok(property, `${twinId}.${name}`);
  return apollo.cache.identify(property) ?? assert.fail("it has no key");
}

function shown(apollo: Client, id: string): unknown {
  return apollo.cache.readFragment({ id, fragment: LIVE_PROPERTY, fragmentName: "LiveProperty" })?.value.json;
}

test("what a mutation answers updates what is shown, by its id", async (t) => {
  const { apollo } = connected(t);
  const id = await propertyOf(apollo, "pump_3", "temperature");
  await apollo.mutate({
    mutation: SET_PROPERTY,
    variables: { input: { twinId: "pump_3", property: "temperature", value: 41.5 } },
  });
  assert.equal(shown(apollo, id), 41.5);
});

test("a push updates what is shown, by its id", async (t) => {
  const { apollo } = connected(t);
  const id = await propertyOf(apollo, "pump_4", "temperature");
  const { seen } = pushes(t, apollo, PROPERTY_CHANGED, { twinIds: ["pump_4"], properties: ["temperature"] });
  await until(() => seen[0]?.propertyChanged.initial, "the snapshot");
  await set("pump_4", "temperature", 55.5);
  await until(() => shown(apollo, id) === 55.5, "the push");
});

test("an alert that is acknowledged here or elsewhere, and that ends, is so wherever it is shown", async (t) => {
  const { apollo } = connected(t);
  const { seen } = pushes(t, apollo, ALERT_CHANGED, {});
  await set("pump_5", "temperature", 90);
  const raised = await until(
    () => seen.map((push) => push.alertChanged).find(({ alert }) => alert.twinIds.includes("pump_5")),
    "the alert",
  );
  const { data } = await apollo.query({ query: OPEN_ALERTS, variables: { first: 100 } });
  const listed = data?.alerts.edges.find(({ node }) => node.alertId === raised.alert.alertId)?.node;
  assert.equal(listed?.acknowledged, false);
  const id = apollo.cache.identify(listed) ?? assert.fail("it has no key");
  const row = () => apollo.cache.readFragment({ id, fragment: ALERT_ROW, fragmentName: "AlertRow" });

  await apollo.mutate({ mutation: ACKNOWLEDGE, variables: { input: { alertId: listed.alertId } } });
  assert.equal(row()?.acknowledged, true);
  await set("pump_5", "temperature", 20);
  await until(() => row()?.closedAt != null, "the alert is closed by a push");
});
