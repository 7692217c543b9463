// Floor 6. A configuration from its sources: flags over environment over file over profile over defaults.
// Reads the file and the profile, and nothing else: the environment is an argument.

import { readFileSync } from "node:fs";
import { MandolineError, messageOf } from "../base/errors.ts";
import { profileNames, profilePath } from "./profiles.ts";
import { rules } from "./rules.ts";
import { type Config, toConfig } from "./schema.ts";
import { type Entry, type Setting, type Settings, settingsOf } from "./settings.ts";
import { readYaml } from "./yaml-file.ts";

/** Where values come from. What is undefined, or an empty environment variable, sets nothing. */
export interface ConfigSources {
  /** `--profile`; also MANDOLINE_PROFILE and `profile:` in the file. */
  readonly profile?: string | undefined;
  /** Path of the YAML file, as messages show it. */
  readonly file?: string | undefined;
  /** Variables MANDOLINE_…; all others are left alone. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By option name: `{listen: "127.0.0.1:8080"}` is `--listen 127.0.0.1:8080`. */
  readonly flags: Readonly<Record<string, string | undefined>>;
}

export interface LoadOptions {
  /** Whether a missing origin is an error; otherwise `origin` is "" then. Default true. */
  readonly requireOrigin?: boolean;
}

/** A configuration and the name of the profile under it. */
export interface ResolvedConfig {
  readonly config: Config;
  readonly profile: string;
}

/**
 * The configuration that the sources make.
 *
 * @throws CONFIG_INVALID with a line for every problem: `config/x.yaml:3:13: slice_size: expected …, got …`
 */
export function loadConfig(sources: ConfigSources, options: LoadOptions = {}): Config {
  return resolveConfig(sources, options).config;
}

/** As `loadConfig`, and says which profile was taken. */
export function resolveConfig(sources: ConfigSources, options: LoadOptions = {}): ResolvedConfig {
  const problems: string[] = [];
  const file = sources.file === undefined ? nothing : fileSettings(sources.file, sources.file, problems);
  const env = settingsOf(envEntries(sources.env), envName, problems);
  const flags = settingsOf(flagEntries(sources), flagName, problems);
  throwIf(problems);
  const profile = String(
    (flags.get("profile") ?? env.get("profile") ?? file.get("profile"))?.value ?? profileNames[0],
  );
  const base = fileSettings(profilePath(profile), `config/${profile}.yaml`, problems);
  throwIf(problems);
  const settings = merge([base, file, env, flags]);
  const config = toConfig(new Map([...settings].map(([name, { value }]) => [name, value])));
  throwIf([...brokenRules(config, settings), ...missing(config, options.requireOrigin ?? true)]);
  return { config, profile };
}

/** The balanced profile with `overrides`, on free ports: for tests and for the demo. */
export function defaultConfig(overrides: Partial<Config> & { readonly origin: string }): Config {
  const free = { host: "127.0.0.1", port: 0 };
  const config = loadConfig({ env: {}, flags: {} }, { requireOrigin: false });
  return { ...config, listen: free, admin: free, ...overrides };
}

const nothing: Settings = new Map();

function fileSettings(path: string, shownAs: string, problems: string[]): Settings {
  const text = readText(path, shownAs);
  const { entries, problems: faults } = readYaml(text, shownAs);
  problems.push(...faults);
  return settingsOf(entries, (name) => name, problems);
}

function readText(path: string, shownAs: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw invalid([`${shownAs}: expected a readable YAML file, got ${messageOf(cause)}`], cause);
  }
}

function envName(name: string): string {
  return `MANDOLINE_${name.replaceAll(".", "_").toUpperCase()}`;
}

// Kubernetes puts MANDOLINE_PORT, MANDOLINE_SERVICE_HOST, … beside a service named mandoline.
const serviceLink = /_(SERVICE_HOST|SERVICE_PORT|PORT)(_|$)/;

function envEntries(env: ConfigSources["env"]): Entry[] {
  return Object.entries(env)
    .filter(([name, value]) => name.startsWith("MANDOLINE_") && value && !serviceLink.test(name))
    .map(([written, value]) => ({ written, value, namePlace: "", valuePlace: "" }));
}

function flagName(name: string): string {
  return `--${name}`;
}

function flagEntries({ flags, profile }: ConfigSources): Entry[] {
  return [...Object.entries(flags), ["profile", profile] as const]
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ written: flagName(name), value, namePlace: "", valuePlace: "" }));
}

/** Later layers win; the map's order is the order of strength, so that its last of several names is the strongest. */
function merge(layers: readonly Settings[]): Settings {
  const merged = new Map<string, Setting>();
  for (const [name, setting] of layers.flatMap((layer) => [...layer])) {
    merged.delete(name);
    merged.set(name, setting);
  }
  return merged;
}

function brokenRules(config: Config, settings: Settings): string[] {
  return rules.flatMap(({ names, broken }) => {
    const message = broken(config);
    const strongest = [...settings].findLast(([name]) => names.includes(name));
    return message === undefined ? [] : [`${strongest?.[1].label ?? names[0]}: ${message}`];
  });
}

function missing({ origin }: Config, required: boolean): string[] {
  return required && origin === ""
    ? [
        "origin: expected the URL of the origin by --origin, MANDOLINE_ORIGIN or the file's origin, got nothing",
      ]
    : [];
}

function throwIf(problems: readonly string[]): void {
  if (problems.length > 0) throw invalid(problems);
}

function invalid(problems: readonly string[], cause?: unknown): MandolineError {
  return new MandolineError("CONFIG_INVALID", problems.join("\n"), {
    source: "self",
    facts: { problems },
    cause,
  });
}
