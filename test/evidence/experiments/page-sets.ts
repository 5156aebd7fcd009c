/** The protocol's sets as files that `gpv train` takes: examples/experiments. */
import { gzipSync } from "node:zlib";
import { writeNpy } from "../../../src/formats/npy.ts";
import type { Dataset } from "../../../src/training/data.ts";
import { DATA_FILES, PIXEL_SCALE } from "./page-commands.ts";
import type { SetName } from "./sets.ts";

export const SETS_FOLDER = "examples/experiments";

/** By name. Four pixels are 0 to 255 each: their mean over 255 is a whole number over 1020, and so is what --std makes of it. */
export function setFiles({
  digits,
  regression,
}: Readonly<Record<SetName, Dataset>>): Readonly<Record<string, Uint8Array>> {
  const sums = digits.inputs.map((x) => Math.round(PIXEL_SCALE * x));
  const rows = [digits.samples, digits.width];
  const [[pixels, labels], [inputs, targets]] = [DATA_FILES.digits, DATA_FILES.regression];
  return {
    [pixels]: packed(writeNpy(rows, sums, "i32")),
    [labels]: packed(writeNpy([digits.samples], digits.labels ?? [], "i32")),
    [inputs]: packed(writeNpy([regression.samples, regression.width], regression.inputs, "f64")),
    [targets]: packed(writeNpy([regression.samples, 1], regression.targets ?? [], "f64")),
  };
}

const packed = (bytes: Uint8Array): Uint8Array => gzipSync(bytes, { level: 9 });
