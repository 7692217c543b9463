import t from "tap";
import { DELTA_SECONDS_MAX, parseDecimal, parseDeltaSeconds } from "../../src/http/decimal.ts";

t.test("parseDecimal() reads digits up to max and saturates one beyond it", async (t) => {
  t.equal(parseDecimal("0", 10), 0);
  t.equal(parseDecimal("0010", 10), 10);
  t.equal(parseDecimal("11", 10), 10);
  t.equal(parseDecimal("9".repeat(400), 10), 10);
});

t.test("parseDecimal() refuses all that isn't 1*DIGIT", async (t) => {
  for (const text of ["", " 1", "1 ", "+1", "-1", "1.0", "1e3", "0x1", "Infinity", "\u0661", "1\n"]) {
    t.equal(parseDecimal(text, 10), undefined, JSON.stringify(text));
  }
});

t.test("parseDeltaSeconds() saturates at 2^31", async (t) => {
  t.equal(DELTA_SECONDS_MAX, 2147483648);
  t.equal(parseDeltaSeconds("2147483647"), 2147483647);
  t.equal(parseDeltaSeconds("2147483649"), 2147483648);
});
