// Every audit of graphql-http against the server at the address given: one JSON line each, with what came of it.
const { serverAudits } = require("graphql-http");

const [url] = process.argv.slice(2);

async function main() {
  for (const audit of serverAudits({ url, fetchFn: fetch })) {
    const { id, name, status, reason } = await audit.fn();
    process.stdout.write(JSON.stringify({ id, name, status, reason }) + "\n");
  }
}

main();
