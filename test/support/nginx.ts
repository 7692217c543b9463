// A real nginx as origin of a test.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { onFreePort, serverFolder, startChild } from "./child-server.ts";

export interface Nginx {
  readonly url: string;
  /** What lies here is served, with ranges, entity tags and Last-Modified as nginx makes them. */
  readonly folder: string;
  stop(): Promise<void>;
}

/** @param directives more lines for the server block */
export async function startNginx(directives = ""): Promise<Nginx> {
  const folder = await serverFolder("nginx");
  const served = join(folder, "served");
  await mkdir(served);
  const args = ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", "stderr"];
  const { port, server } = await onFreePort(async (free) => {
    await writeFile(join(folder, "nginx.conf"), configuration(folder, served, free, directives));
    return startChild("nginx", args, folder, /getrlimit/);
  });
  return { url: `http://127.0.0.1:${port}`, folder: served, stop: () => server.end("SIGQUIT") };
}

// One process, so that it keeps the user who runs the tests; "getrlimit" is said after the port is open.
function configuration(folder: string, served: string, port: number, directives: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr notice;
events { worker_connections 512; }
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join("\n  ")}
  server {
    listen 127.0.0.1:${port};
    root ${served};
    ${directives}
  }
}
`;
}
