/**
 * `node build/breaking.js RELEASED NOW`: what a client of the released schema would miss, a line each; status 1 if any.
 * What the release had deprecated may go: whoever uses it was told.
 */
import { readFileSync } from "node:fs";
import { argv, exit, stdout } from "node:process";
import { CriticalityLevel, diff, DiffRule } from "@graphql-inspector/core";
import { buildSchema } from "graphql";

const [released = "", now = ""] = argv.slice(2).map((file) => readFileSync(file, "utf8"));

if (/^\s*$/.test(released.replaceAll(/#.*/g, ""))) {
  stdout.write("nothing is released yet, so nothing can break\n");
  exit(0);
}
const changes = await diff(buildSchema(released), buildSchema(now), [
  DiffRule.suppressRemovalOfDeprecatedField,
  DiffRule.ignoreDescriptionChanges,
]);
const breaking = changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking);
for (const { path, message } of breaking) stdout.write(`${path ?? "schema"}: ${message}\n`);
stdout.write(`${changes.length} changes since the release, ${breaking.length} of them breaking\n`);
exit(breaking.length === 0 ? 0 : 1);
