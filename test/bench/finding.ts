// What a scenario of the benchmark found, and whether that is what it must reach.

import { table } from "../../src/cli/demo/table.ts";

export interface Finding {
  readonly what: string;
  readonly figure: number;
  readonly unit: string;
  /** Without it the figure is there to be compared with. */
  readonly aim?: { readonly min: number } | { readonly max: number };
  /** Bytes and counts must hold on every machine; speed depends on it. */
  readonly kind: "correctness" | "speed";
}

export function isReached({ figure, aim }: Finding): boolean {
  if (!aim) return true;
  return "min" in aim ? figure >= aim.min : figure <= aim.max;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

export function correct(
  what: string,
  figure: number,
  unit: string,
  aim: { min: number } | { max: number },
): Finding {
  return { what, figure, unit, aim, kind: "correctness" };
}

export function speed(
  what: string,
  figure: number,
  unit: string,
  aim?: { min: number } | { max: number },
): Finding {
  return { what, figure, unit, kind: "speed", ...(aim && { aim }) };
}

/** The findings of all scenarios as a table. */
export function findingsTable(found: Readonly<Record<string, readonly Finding[]>>): string {
  const rows = Object.entries(found).flatMap(([scenario, findings]) =>
    findings.map((finding) => [
      scenario,
      finding.what,
      `${readable(finding.figure)} ${finding.unit}`.trim(),
      aimText(finding),
      finding.aim ? (isReached(finding) ? "ok" : "MISSED") : "",
    ]),
  );
  return table([["scenario", "what", "figure", "aim", ""], ...rows], 2);
}

function aimText({ aim }: Finding): string {
  if (!aim) return "";
  return "min" in aim ? `≥ ${readable(aim.min)}` : `≤ ${readable(aim.max)}`;
}

function readable(figure: number): string {
  return Number.isInteger(figure) ? String(figure) : figure.toFixed(Math.abs(figure) < 100 ? 2 : 0);
}
