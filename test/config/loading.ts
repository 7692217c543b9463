// What the tests of loading share: a file with this text, and the message of a configuration that is refused.

import { join } from "node:path";
import type { Test } from "tap";
import { isMandolineError } from "../../src/base/errors.ts";
import { type ConfigSources, loadConfig } from "../../src/config/load.ts";

export function messageOfLoading(sources: ConfigSources, requireOrigin = false): string {
  try {
    loadConfig(sources, { requireOrigin });
    return "";
  } catch (error) {
    if (!isMandolineError(error, "CONFIG_INVALID")) throw error;
    return error.message;
  }
}

export function fileOf(t: Test, yaml: string): string {
  return join(t.testdir({ "x.yaml": yaml }), "x.yaml");
}
