import t from "tap";
import { epochMs } from "../../src/base/units.ts";
import { currentAgeMs, isFresh, storedResponseBytes } from "../../src/slice/stored-response.ts";
import { representationOf, storedResponseOf } from "../support/made-up.ts";

const stored = storedResponseOf({ respondedAt: epochMs(1_000_000), initialAgeMs: 5000, lifetimeMs: 60_000 });

t.test("currentAgeMs() adds the time since the response to the age it came with", async (t) => {
  t.equal(currentAgeMs(stored, epochMs(1_000_000)), 5000);
  t.equal(currentAgeMs(stored, epochMs(1_010_000)), 15_000);
});

t.test("currentAgeMs() stands still when the wall clock stepped back", async (t) => {
  t.equal(currentAgeMs(stored, epochMs(0)), 5000);
});

t.test("isFresh() ends where the age reaches the lifetime", async (t) => {
  t.equal(isFresh(stored, epochMs(1_054_999)), true);
  t.equal(isFresh(stored, epochMs(1_055_000)), false);
  t.equal(isFresh({ ...stored, lifetimeMs: 0, initialAgeMs: 0 }, stored.respondedAt), false, "no-cache");
});

t.test("storedResponseBytes() grows by two bytes a character of the fields", async (t) => {
  const longer = { ...stored, fields: [...stored.fields, "X-Long", "y".repeat(1000)] };
  t.equal(storedResponseBytes(longer) - storedResponseBytes(stored), 2 * 1006);
});

t.test("storedResponseBytes() counts a 4,000-character entity tag", async (t) => {
  const tag = `"${"e".repeat(3998)}"`;
  const representation = representationOf({ validator: { kind: "entity-tag", text: tag } });
  t.ok(storedResponseBytes({ ...stored, representation }) > storedResponseBytes(stored) + 2 * 3996);
});
