// Floor 6. Listening, with a taken port as an error that says which.

import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { MandolineError, messageOf } from "../base/errors.ts";
import { formatHostPort, type HostPort } from "../config/addresses.ts";

/** @returns the address it listens on, the port chosen by the system when 0 was asked @throws PORT_TAKEN */
export function listen(server: Server, at: HostPort, use: string): Promise<HostPort> {
  return new Promise((resolve, reject) => {
    const onError = (cause: Error) => {
      const what = `Listening on ${formatHostPort(at)} for ${use}`;
      const expected =
        (cause as NodeJS.ErrnoException).code === "EADDRINUSE" ? "a free port, got one that is taken" : "";
      const message = expected ? `${what}: expected ${expected}` : `${what}: ${messageOf(cause)}`;
      reject(new MandolineError("PORT_TAKEN", message, { source: "self", cause, facts: { ...at } }));
    };
    server.once("error", onError);
    server.listen(at.port, at.host, () => {
      server.off("error", onError);
      resolve({ host: at.host, port: (server.address() as AddressInfo).port });
    });
  });
}

/** Ends a server: keep-alive connections that idle at once, the others with their response. */
export function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
