// Floor 7. `mandoline check FILE`: whether a configuration file would load, like `nginx -t`. Starts nothing.

import { isMandolineError } from "../base/errors.ts";
import { type ConfigSources, type ResolvedConfig, resolveConfig } from "../config/load.ts";
import { formatDuration, formatSize } from "../config/quantities.ts";

/** `text` is for the terminal: a summary, or every problem with file:line:column. */
export interface CheckResult {
  readonly ok: boolean;
  readonly text: string;
}

/** Loads `file` with the environment that serving would see; an origin may be missing, as a flag can give it. */
export function checkFile(file: string, env: ConfigSources["env"]): CheckResult {
  try {
    const resolved = resolveConfig({ file, env, flags: {} }, { requireOrigin: false });
    return { ok: true, text: `${file}: configuration is valid (${summary(resolved)})` };
  } catch (error) {
    if (!isMandolineError(error, "CONFIG_INVALID")) throw error;
    return { ok: false, text: error.message };
  }
}

function summary({ config, profile }: ResolvedConfig): string {
  return [
    `profile ${profile}`,
    `origin ${config.origin === "" ? "not set" : config.origin}`,
    `slice_size ${formatSize(config.sliceBytes)}`,
    `max_concurrent_subrequests ${config.maxConcurrentSubrequests}`,
    `max_retries ${config.maxRetries}`,
    `cache_ttl ${formatDuration(config.cacheTtlMs)}`,
    `memory.max_bytes ${formatSize(config.memoryBytesMax)}`,
  ].join("; ");
}
