/** The page in a Chromium whose device goes away in mid-run. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skipReason } from "../support/browser.ts";
import type { ServedPage } from "../support/page.ts";
import { ended, numbersOf, reportOf, servePage } from "../support/page.ts";

/** Destroys the first `devices` devices after so many submissions each. */
const destroys = (devices: number, submissions: number): string => `{
  const request = GPUAdapter.prototype.requestDevice;
  let left = ${String(devices)};
  GPUAdapter.prototype.requestDevice = async function (wish) {
    const device = await request.call(this, wish);
    if (left-- > 0) {
      const submit = device.queue.submit.bind(device.queue);
      let calls = 0;
      device.queue.submit = (buffers) => {
        submit(buffers);
        if (++calls === ${String(submissions)}) device.destroy();
      };
    }
    return device;
  };
}`;

const QUERY = "?engine=webgpu&widths=16-24-24-8&samples=3000&seed=5";

describe.skipIf(skipReason !== null)("a device that is lost", () => {
  let served: ServedPage;
  beforeAll(async () => (served = await servePage()));
  afterAll(() => served.close());

  test("is replaced: the run goes on from the last batch, each sample counts once, and the numbers are those of an undisturbed run", async () => {
    const undisturbed = await served.open(QUERY);
    await ended(undisturbed.page, 3000);
    const clean = await reportOf(undisturbed.page);
    await undisturbed.page.close();
    // In mid-run: some of the six batches are through, some are not.
    const { page, errors } = await served.open(served.copy("lost", destroys(2, 20)) + QUERY);
    await ended(page, 3000);
    const report = await reportOf(page);
    expect(report.timing.details["recoveries"]).toBe(2);
    expect(report.timing.interrupted).toBe(false);
    expect(numbersOf(report)).toEqual(numbersOf(clean));
    expect(errors).toEqual([]);
    await page.close();
  });

  test("again and again is given up in a line, with the report of what is finished", async () => {
    const { page } = await served.open(served.copy("lost-for-good", destroys(1000, 3)) + QUERY);
    await ended(page);
    expect(await page.innerText("#status")).toContain("webgpu: the device was destroyed");
    expect(await page.getAttribute("#status", "data-done")).toBe("0");
    await page.close();
  });
});
