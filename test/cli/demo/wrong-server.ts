// In Mandoline's place: right heads, wrong bytes.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { answerTo, representationAt } from "../../../src/cli/demo/origin-answer.ts";

const server = createServer((request, response) => {
  const representation = representationAt(request.url ?? "") ?? { name: "", completeLength: 0 };
  const { status, headers, start, end } = answerTo("GET", request.headers, representation);
  response.writeHead(status, headers).end(Buffer.alloc(end - start));
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ msg: "listening", data: `127.0.0.1:${port}` })}\n`);
});
process.once("SIGTERM", () => process.exit(0));
