// Floor 7. `mandoline serve`: runs a proxy until it is told to end.

import { isMandolineError, messageOf } from "../base/errors.ts";
import { type ConfigSources, loadConfig } from "../config/load.ts";
import { startProxy } from "../server/proxy.ts";

export interface ServeHost {
  readonly print: (text: string) => void;
  /** Whether log lines are for people: standard output is a terminal. */
  readonly isTerminal: boolean;
  /** Resolves at the first signal to end. */
  readonly toldToEnd: Promise<string>;
}

/**
 * @returns the exit code: 0 after draining; 1 when downloads had to be cut off; 2 when the configuration is bad or a
 * port is taken, with nothing started
 */
export async function serve(sources: ConfigSources, host: ServeHost): Promise<number> {
  try {
    const config = loadConfig(sources);
    const proxy = await startProxy(config, { prettyLog: host.isTerminal });
    const signal = await host.toldToEnd;
    proxy.log.logger.info({ signal, graceMs: config.drainMs }, "draining");
    const drained = await proxy.drain(config.drainMs);
    if (!drained) proxy.log.logger.warn("cutting off what the grace period did not end");
    await proxy.close();
    return drained ? 0 : 1;
  } catch (error) {
    if (!isMandolineError(error)) throw error;
    host.print(`mandoline: ${messageOf(error)}`);
    return 2;
  }
}
