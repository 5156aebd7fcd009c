/** Explicit Jacobians on the device, a block of unit vectors at a time; the host adds the squares of what comes back in f64. */
import type { ExplicitMeasurement } from "../engine.ts";
import type { Address } from "../program/address.ts";
import type { ExplicitJacobian } from "../program/explicit.ts";
import { bytesOf } from "../program/memory.ts";
import type { Matrix, Measure } from "../program/stage.ts";
import { listOf, readTree } from "../program/stage.ts";
import type { OpenDevice } from "./device.ts";
import type { Dispatch } from "./dispatch.ts";
import type { DeviceStages } from "./stages.ts";
import { beginSubmission } from "./submission.ts";
import { sumReader } from "./sums.ts";

export interface DeviceExplicit {
  readonly own: ExplicitJacobian;
  readonly dispatches: readonly Dispatch[];
}

/** Of one layer, for the first `wanted` columns of the base pass that was just run. */
export async function runExplicit(
  open: OpenDevice,
  stages: DeviceStages,
  { own, dispatches }: DeviceExplicit,
  wanted: number,
  address: Address,
): Promise<ExplicitMeasurement> {
  const { t, rows, units, measured, sums } = own;
  const { columns } = measured.frobenius.of;
  const samples = columns / units;
  const squares = new Map<Matrix, Float64Array>(
    listOf<Measure>(measured).map(({ of }) => [of, new Float64Array(wanted)]),
  );
  for (let unit = 0; unit < rows; unit += units) {
    stages.address({ ...address, unit });
    const work = beginSubmission(open, "explicit");
    work.pass(`explicit.${String(t)}`, dispatches);
    const whole = { buffer: stages.bufferOf(sums.into), bytes: bytesOf(sums.into) };
    const [words] = await work.read([whole]);
    const { read } = sumReader(sums, words as ArrayBuffer, columns);
    for (const measure of listOf<Measure>(measured)) {
      const [norm, sum] = [read(measure), squares.get(measure.of) as Float64Array];
      for (let k = 0; k < Math.min(units, rows - unit); k++) {
        for (let j = 0; j < wanted; j++) sum[j] = (sum[j] as number) + (norm[k * samples + j] as number) ** 2;
      }
    }
  }
  type Norms = Pick<ExplicitMeasurement, "frobenius" | "stageNorm">;
  return {
    ...readTree<Norms, Measure>(measured, ({ of }) => (squares.get(of) as Float64Array).map(Math.sqrt)),
    spectralLower: new Float64Array(wanted),
    spectralUpper: new Float64Array(wanted).fill(Infinity),
  };
}
