// One scenario of the npm client graphql-ws: what it sees as JSON lines; a line on standard input is a cue.
const readline = require("node:readline");
const { createClient } = require("graphql-ws");
const WebSocket = require("ws");

const [url, scenario] = process.argv.slice(2);
const lines = readline.createInterface({ input: process.stdin });
const cues = lines[Symbol.asyncIterator]();
const cue = async () => (await cues.next()).value;
const say = (told) => process.stdout.write(JSON.stringify(told) + "\n");

const VALUES = `subscription { propertyChanged(twinIds: ["pump_123"], properties: ["temperature"]) {
  initial value { json } } }`;
const ALERTS = "subscription { alertChanged { initial alert { alertId message } } }";

function client(options = {}) {
  return createClient({
    url,
    webSocketImpl: WebSocket,
    connectionParams: { actor: "ann" },
    ...options,
    on: {
      connected: () => say({ connected: true }),
      closed: ({ code, reason }) => say({ closed: code, reason: String(reason) }),
      ...options.on,
    },
  });
}

async function run(of, query) {
  for await (const result of of.iterate({ query })) return result;
}

const follow = (of, query, name) =>
  of.subscribe(
    { query },
    {
      next: (result) => say({ [name]: result.data, errors: result.errors?.map((error) => error.extensions.code) }),
      error: (error) => say({ error: Array.isArray(error) ? error.map((item) => item.extensions.code) : String(error) }),
      complete: () => say({ complete: name }),
    },
  );

const scenarios = {
  // Connects with the first operation and leaves after the last one.
  async lazy() {
    const found = client();
    say({ query: (await run(found, "{ sequence }")).data });
    const save = `mutation { saveTwin(input: {document: {twin_id: "x", twin_type: "pump"}}) { twin { updatedBy } } }`;
    say({ mutation: (await run(found, save)).data });
  },
  async completes() {
    const found = client({ lazy: false });
    const complete = follow(found, VALUES, "value");
    await cue();
    complete();
    say({ query: (await run(found, "{ sequence }")).data });
    await cue();
    await found.dispose();
  },
  async reconnects() {
    const found = client({ retryAttempts: 5, retryWait: async () => {} });
    follow(found, VALUES, "value");
    await cue();
    found.terminate();
    await cue();
    await found.dispose();
  },
  async "keeps-alive"() {
    let pongs = 0;
    const found = client({
      lazy: false,
      keepAlive: 20,
      on: {
        pong: async (received) => {
          if (received && ++pongs === 3) {
            say({ pongs });
            await found.dispose();
          }
        },
      },
    });
  },
  async "stops-reading"() {
    let socket;
    const found = client({ lazy: false, on: { opened: (opened) => (socket = opened) } });
    follow(found, ALERTS, "alert");
    await cue();
    socket._socket.pause();
    say({ paused: true });
    await cue();
    socket._socket.resume();
    await cue();
    await found.dispose();
  },
  async "is-refused"() {
    const found = client();
    follow(found, "subscription { nothing }", "nothing");
    follow(found, `subscription { propertyChanged(twinIds: ["pump_122"]) { initial } }`, "unknown");
  },
};

scenarios[scenario]().then(() => lines.close());
