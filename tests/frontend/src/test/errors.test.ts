import assert from "node:assert/strict";
import { test } from "node:test";
import { gql } from "@apollo/client";

import { connect } from "../client.js";
import { ACKNOWLEDGE, PROPERTY_CHANGED, SET_PROPERTY, TWINS_PAGE } from "../documents.js";
import { faults } from "../errors.js";
import { connected, pushes, until } from "./station.js";

async function refused(asked: Promise<unknown>) {
  return asked.then(
    () => assert.fail("it was not refused"),
    (error: unknown) => faults(error),
  );
}

test("a refused mutation says its code, where it is wrong and what to do", async (t) => {
  const { apollo } = connected(t);
  const input = { twinId: "pump_1", property: "temperature", value: 4000 };
  const [fault] = await refused(apollo.mutate({ mutation: SET_PROPERTY, variables: { input } }));
  assert.equal(fault?.code, "VALUE_OUT_OF_RANGE");
  assert.match(fault.hint ?? "", /150/);
  assert.equal(fault.path, "/value");
});

test("a thing that is not there is refused with a code of its own", async (t) => {
  const { apollo } = connected(t);
  const asked = apollo.mutate({ mutation: ACKNOWLEDGE, variables: { input: { alertId: "none" } } });
  assert.deepEqual((await refused(asked)).map(({ code }) => code), ["ALERT_NOT_FOUND"]);
});

test("a filter's unknown name is suggested", async (t) => {
  const { apollo } = connected(t);
  const asked = apollo.query({ query: TWINS_PAGE, variables: { where: { type: ["pmp"] }, first: 1 } });
  const [fault] = await refused(asked);
  assert.equal(fault?.code, "UNKNOWN_TWIN_TYPE");
  assert.match(fault.hint ?? "", /pump/);
});

test("a document that the schema does not have is refused before it runs", async (t) => {
  const { apollo } = connected(t);
  const asked = apollo.query({ query: gql`{ twins { nodes { twinIdd } } }` });
  assert.deepEqual((await refused(asked)).map(({ code }) => code), ["GRAPHQL_VALIDATION_FAILED"]);
});

test("a subscription to an unknown twin is refused and not silent", async (t) => {
  const { apollo } = connected(t);
  const { errors } = pushes(t, apollo, PROPERTY_CHANGED, { twinIds: ["pump_99"] });
  const [fault] = faults(await until(() => errors[0], "the refusal"));
  assert.equal(fault?.code, "TWIN_NOT_FOUND");
});

test("where nobody answers there is nothing that the server says", async () => {
  const { apollo } = connect("http://127.0.0.1:1");
  assert.deepEqual(await refused(apollo.query({ query: TWINS_PAGE, variables: { first: 1 } })), []);
});
