// The least a proxy can do: undici's request, its body piped to the response. What Mandoline costs is compared with
// this. It takes the arguments of `mandoline serve`, so that `--program` can put it in Mandoline's place.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream";
import { parseArgs } from "node:util";
import { Pool } from "undici";

const { values } = parseArgs({
  options: { origin: { type: "string" } },
  strict: false,
  allowPositionals: true,
});
const pool = new Pool(String(values.origin), { connections: 64, pipelining: 1, allowH2: false });

const server = createServer((request, response) => {
  const { range } = request.headers;
  pool.request({ path: request.url ?? "/", method: "GET", headers: range ? { range } : {} }).then(
    ({ statusCode, headers, body }) => {
      response.writeHead(statusCode, headers);
      pipeline(body, response, (error) => error && response.destroy());
    },
    () => response.destroy(),
  );
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ msg: "listening", data: `127.0.0.1:${port}` })}\n`);
});
process.once("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
  void pool.destroy();
});
