/** Files dropped on the page, and what it says of them. */
import type { Page } from "playwright-core";
import { expect } from "vitest";

type Dropped = readonly [name: string, bytes: Uint8Array | string];

/** Drops files on the page, all at once. */
export async function drop(page: Page, ...files: readonly Dropped[]): Promise<void> {
  await dropAndType(page, files, null);
}

/** The same, and an activation typed in the same task, so before the worker can have said anything of the files. */
export async function dropAndType(page: Page, files: readonly Dropped[], activation: string | null): Promise<void> {
  const plain = files.map(([name, bytes]) => ({ name, bytes: Array.from(Buffer.from(bytes)) }));
  await page.evaluate(
    ([list, typed]) => {
      const dataTransfer = new DataTransfer();
      for (const { name, bytes } of list) dataTransfer.items.add(new File([new Uint8Array(bytes)], name));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
      if (typed === null) return;
      const field = document.querySelector<HTMLInputElement>("#own-activation");
      if (field === null) throw new Error("no field for activations");
      field.value = typed;
      for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
    },
    [plain, activation] as const,
  );
}

/** Whether all of an element stands in the window. */
export async function isInView(page: Page, selector: string): Promise<boolean> {
  return page.evaluate((wanted) => {
    const box = document.querySelector(wanted)?.getBoundingClientRect();
    return box !== undefined && box.height > 0 && box.top >= 0 && box.bottom <= innerHeight;
  }, selector);
}

/** Waits until the form says this. */
export async function says(page: Page, text: string): Promise<void> {
  await expect.poll(() => page.innerText("#own-status"), { timeout: 20_000 }).toBe(text);
}
