import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { JSDOM, VirtualConsole } from "jsdom";

import { ADDRESS, set, until } from "./station.js";

/** The editor in a browser that draws nothing; it can reach our server and nothing else. */
async function opened(test: TestContext): Promise<{ document: Document; failures: string[] }> {
  const failures: string[] = [];
  const told = new VirtualConsole().on("jsdomError", (error) => failures.push(error.message));
  const browser = await JSDOM.fromURL(`${ADDRESS}/graphql`, {
    runScripts: "dangerously",
    resources: "usable",
    pretendToBeVisual: true,
    virtualConsole: told,
    beforeParse(window) {
      // What jsdom lacks, and it lays nothing out.
      Object.assign(window, { TextDecoder, TextEncoder });
      const nothing = { top: 0, left: 0, bottom: 0, right: 0, width: 0, height: 0, x: 0, y: 0 };
      window.Range.prototype.getBoundingClientRect = () => ({ ...nothing, toJSON: () => nothing });
      window.Range.prototype.getClientRects = () => Object.assign([], { item: () => null });
      window.matchMedia = (media) =>
        ({ matches: false, media, addEventListener() {}, removeEventListener() {} }) as unknown as MediaQueryList;
      window.fetch = (input, init) => {
        assert.ok(String(input).startsWith(ADDRESS), `it asks elsewhere: ${String(input)}`);
        return fetch(input, init);
      };
    },
  });
  test.after(() => browser.window.close());
  const { document } = browser.window;
  await until(() => written(document) !== "", "the editor");
  return { document, failures };
}

async function press(document: Document, name: string): Promise<void> {
  const found = await until(() => {
    const buttons = [...document.querySelectorAll("button")].filter((button) => !button.disabled);
    return buttons.find((button) => button.getAttribute("aria-label") === name || button.textContent === name);
  }, `a button '${name}'`);
  found.click();
}

/** What stands in one of its two editors, whatever of it is drawn. */
function standsIn(document: Document, place: ".graphiql-editor" | ".result-window"): string {
  const editor = document.querySelector<Element & { CodeMirror?: { getValue(): string } }>(`${place} .CodeMirror`);
  return editor?.CodeMirror?.getValue() ?? "";
}

/** Called as the operation in it, once the editor has taken in what was written. */
const tab = (document: Document) => document.querySelector(".graphiql-tab-active")?.textContent ?? "";
const written = (document: Document) => standsIn(document, ".graphiql-editor");
const answered = (document: Document) => standsIn(document, ".result-window");

test("the editor comes from this server alone, and runs a prepared document", async (t) => {
  const { document, failures } = await opened(t);
  const elsewhere = [...document.querySelectorAll("script[src], link[href]")]
    .map((item) => item.getAttribute("src") ?? item.getAttribute("href") ?? "")
    .filter((address) => address.includes("//"));
  assert.deepEqual(elsewhere, []);
  await press(document, "A page of twins");
  await until(() => tab(document).startsWith("Twins") && written(document).includes("query Twins"), "its document");
  await press(document, "Execute query (Ctrl-Enter)");
  await until(() => answered(document).includes("pump_1"), "its answer");
  assert.deepEqual(failures, []);
});

test("a prepared subscription runs over the WebSocket", async (t) => {
  const { document } = await opened(t);
  await press(document, "Values as they change");
  await until(() => tab(document).startsWith("Values") && written(document).includes("propertyChanged"), "its document");
  await press(document, "Execute query (Ctrl-Enter)");
  await until(() => answered(document).includes('"initial": true'), "the snapshot");
  await set("pump_3", "status", "running");
  await until(() => answered(document).includes('"initial": false'), "the push");
});

test("the schema's descriptions are shown", async (t) => {
  const { document } = await opened(t);
  await press(document, "Show Documentation Explorer");
  await until(() => document.querySelector(".graphiql-doc-explorer")?.textContent?.includes("Query"), "the root types");
  const link = [...document.querySelectorAll(".graphiql-doc-explorer a")].find(({ textContent }) => textContent === "Query");
  assert.ok(link);
  (link as HTMLElement).click();
  await until(() => document.querySelector(".graphiql-doc-explorer")?.textContent?.includes("Twins, a page at a time"), "a description");
});
