/** What the page asks of the user's files, and what it says where: each beside the control that was used. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { writeModelJson } from "../../src/formats/model-json.ts";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { skipReason } from "../support/browser.ts";
import { drop, isInView, says } from "../support/drop.ts";
import { npy } from "../support/npy.ts";
import type { ServedPage } from "../support/page.ts";
import { ended, openSmall, reportOf, servePage } from "../support/page.ts";
import { network } from "../witness/support.ts";

const DATA = npy(
  Float64Array.from({ length: 12 }, (_, i) => Math.sin(i)),
  4,
  3,
);

describe.skipIf(skipReason !== null)("what the page asks", () => {
  let served: ServedPage;
  beforeAll(async () => (served = await servePage()));
  afterAll(() => served.close());

  const open = (): Promise<Page> => openSmall(served);

  test("nothing of an earlier run stays in view when a run fails, and the error is said beside the files too", async () => {
    const page = await open();
    expect(await page.locator("#plot svg").count()).toBeGreaterThan(0);
    const wide = npy(new Float64Array(8), 2, 4);
    await drop(page, ["model.json", writeModelJson(network([3, 5, 2], "tanh"))], ["wide.npy", wide]);
    await ended(page, 0);
    const message = "inputs: found 4 values a sample, expected 3, the inputs of layer 1";
    expect(await page.innerText("#status")).toBe(message);
    await says(page, message);
    expect(await isInView(page, "#own-status")).toBe(true);
    expect(await page.locator("#results table, #plot svg").count()).toBe(0);
    expect(await page.innerText("#answers")).not.toContain("Yes");
    expect(await page.innerText("#command")).toBe("");
    expect(await page.isDisabled("#report")).toBe(true);
    await page.close();
  });

  test("an order of layers that is open is asked for with the candidates, and taken", async () => {
    const page = await open();
    const ramp = (n: number, from: number): number[] => Array.from({ length: n }, (_, i) => Math.cos(from + i));
    const square = new Map([
      ["enter.weight", { shape: [3, 3], values: ramp(9, 1) }],
      ["mid.weight", { shape: [3, 3], values: ramp(9, 2) }],
      ["out.weight", { shape: [2, 3], values: ramp(6, 3) }],
    ]);
    await drop(
      page,
      ["open.safetensors", writeSafetensors(square, "F64", { activations: "tanh" })],
      ["data.npy", DATA],
    );
    await expect
      .poll(() => page.innerText("#own-status"), { timeout: 20_000 })
      .toContain("expected “Order of layers” enter,mid,out or “Order of layers” mid,enter,out");
    expect(await page.getAttribute("#own-layers", "aria-invalid")).not.toBeNull();
    await page.fill("#own-layers", "mid,enter,out");
    await page.press("#own-layers", "Enter");
    await ended(page, 4);
    expect((await reportOf(page)).model.layers.map((layer) => layer.tensor)).toEqual([
      "mid.weight",
      "enter.weight",
      "out.weight",
    ]);
    expect(await page.innerText("#command")).toContain("--layers mid,enter,out");
    expect(await page.innerText("#results")).toContain("1: 3 → 3 ← mid.weight");
    await page.fill("#own-layers", "mid,nothing,out");
    await page.press("#own-layers", "Enter");
    await expect.poll(() => page.innerText("#own-status")).toContain("“Order of layers” nothing: found no such layer");
    await page.close();
  });

  test("a layout and a header that are open are asked for, and taken", async () => {
    const page = await open();
    const ramp = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.cos(i + 1));
    const transposed = new Map([
      ["0.weight", { shape: [3, 5], values: ramp(15) }],
      ["0.bias", { shape: [5], values: ramp(5) }],
    ]);
    await drop(page, ["t.safetensors", writeSafetensors(transposed, "F64", { activations: "tanh" })]);
    await expect
      .poll(() => page.innerText("#own-status"), { timeout: 20_000 })
      .toContain("read the other way round they chain: “Layout of weights” inputs-outputs");
    await page.selectOption("#own-layout", "inputs-outputs");
    await says(page, "Found t.safetensors: expected data too");
    await drop(page, ["pandas.csv", "0,1,2\n5,6,7\n8,9,1\n"]);
    await expect
      .poll(() => page.innerText("#own-status"), { timeout: 20_000 })
      .toContain("which may be a row or a header as pandas writes it");
    await page.selectOption("#own-header", "yes");
    await ended(page, 2);
    expect(await page.innerText("#command")).toContain("--layout inputs-outputs --inputs pandas.csv --header yes");
    await page.close();
  });

  test("progress that comes after the outcome takes nothing back", async () => {
    // Messages over a port are progress; the outcome comes by the worker itself, and overtakes them.
    const late = served.copy(
      "late",
      "const post = MessagePort.prototype.postMessage; MessagePort.prototype.postMessage = function (...all) { setTimeout(() => post.apply(this, all), 400); };",
    );
    const { page } = await served.open(
      `${late}?engine=cpu&widths=16-16-16&initialiser=orthogonal&activation=identity&samples=300`,
    );
    await ended(page, 300);
    const answer = page.locator(".card.holds .answer");
    expect(await answer.innerText()).toBe("Yes");
    await page.waitForTimeout(800);
    expect(await answer.innerText()).toBe("Yes");
    expect(await page.innerText("#running")).toBe("");
    // Its points are drawn all the same.
    expect(await page.locator("#plot svg circle, #plot canvas").count()).toBeGreaterThan(0);
    await page.close();
  });

  test("widths that are none are refused by what was written, beside them", async () => {
    const { page } = await served.open("?engine=cpu&widths=abc&samples=5");
    await ended(page, 0);
    const message = "widths: found “abc”, expected whole numbers, as in 64-64-10";
    expect(await page.innerText("#status")).toBe(message);
    expect(await page.innerText("#net-status")).toBe(message);
    expect(await page.innerText("footer")).not.toContain("NaN");
    expect(await page.inputValue("#net-depth")).toBe("1");
    await page.fill("#net-widths", "3-2");
    await page.press("#net-widths", "Enter");
    await ended(page, 5);
    expect(await page.innerText("#net-status")).toBe("");
    await page.close();
  });
});
