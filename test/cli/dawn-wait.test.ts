/** Dawn's questions under Node: many at first, then one a millisecond; nobody else's callbacks are touched. */
import { expect, it } from "vitest";
import { waitWithoutSpinning } from "../../src/cli/runtime/dawn-wait.ts";

/** As a callback made in C++ looks: native, without a name. */
function nativeCallback(work: () => void): () => void {
  return Object.defineProperty(work.bind(null), "name", { value: "" });
}

const milliseconds = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

it("a question that asks itself again pauses after its first turns, and a new wait begins eagerly", async () => {
  waitWithoutSpinning();
  let asked = 0;
  let open = true;
  const ask = nativeCallback(() => {
    asked++;
    if (open) setImmediate(ask);
  });
  setImmediate(ask);
  await milliseconds(100);
  open = false;
  // A hundred at once, then one a millisecond: an event loop that spins has thousands.
  expect(asked).toBeGreaterThan(100);
  expect(asked).toBeLessThanOrEqual(101 + 100);
  await milliseconds(5);
  const before = asked;
  open = true;
  setImmediate(ask);
  await milliseconds(20);
  open = false;
  expect(asked - before).toBeGreaterThan(100);
});

it("a program's own callbacks come in the same turn, with their arguments", async () => {
  waitWithoutSpinning();
  const order: string[] = [];
  const done = new Promise<void>((resolve) => {
    setTimeout(() => {
      order.push("timer");
      resolve();
    }, 30);
  });
  setImmediate((word: string) => order.push(word), "immediate");
  const cancelled = setImmediate(() => order.push("cancelled"));
  clearImmediate(cancelled);
  await done;
  expect(order).toEqual(["immediate", "timer"]);
});
