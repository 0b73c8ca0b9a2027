import assert from "node:assert/strict";
import { test } from "node:test";
import type { WebSocket } from "ws";

import { ALERT_CHANGED, PROPERTY_CHANGED } from "../documents.js";
import { connected, pushes, set, until } from "./station.js";

/** A line that the test can cut, and that comes back when it says so. */
function line() {
  let socket: WebSocket | undefined;
  let allow = () => {};
  let allowed = Promise.resolve();
  return {
    options: {
      on: { opened: (opened: unknown) => void (socket = opened as WebSocket) },
      retryWait: () => allowed,
    },
    cut() {
      allowed = new Promise((resolve) => (allow = resolve));
      socket?.terminate();
    },
    mend: () => allow(),
  };
}

test("after a lost connection alerts go on where they were: none is missing and none comes twice", async (t) => {
  const wire = line();
  const { apollo } = connected(t, wire.options);
  await set("pump_6", "temperature", 90);
  const { seen, errors } = pushes(t, apollo, ALERT_CHANGED, { after: null, afterPlace: null });
  const told = () =>
    seen
      .map((push) => push.alertChanged)
      .filter(({ alert }) => alert.twinIds.includes("pump_6"))
      .map(({ transition }) => transition);
  const upTo = (count: number) => until(() => told().length >= count, `${count} changes of the alert`);

  await upTo(1);
  wire.cut();
  await set("pump_6", "temperature", 20);
  await set("pump_6", "temperature", 91);
  wire.mend();
  await set("pump_6", "temperature", 21);
  await upTo(4);
  assert.deepEqual(told(), [null, "CLEARED", "RAISED", "CLEARED"]);
  assert.deepEqual(errors, []);
});

test("after a lost connection values come as they stand", async (t) => {
  const wire = line();
  const { apollo } = connected(t, wire.options);
  const { seen } = pushes(t, apollo, PROPERTY_CHANGED, { twinIds: ["pump_7"], properties: ["temperature"] });
  const last = () => seen.at(-1)?.propertyChanged;
  await until(() => last()?.initial, "the snapshot");
  wire.cut();
  await set("pump_7", "temperature", 31);
  await set("pump_7", "temperature", 32);
  wire.mend();
  await until(() => last()?.node?.value.json === 32, "the new snapshot");
  assert.equal(last()?.initial, true);
  assert.deepEqual(
    seen.map((push) => push.propertyChanged.node?.value.json).filter((value) => value === 31),
    [],
  );
});
