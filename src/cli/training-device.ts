/** Where a training's steps are made: on the host, or on the device whose engine makes the verdicts. */
import type { OpenDevice } from "../engine/gpu/device.ts";
import { openDevice } from "../engine/gpu/device.ts";
import type { DeviceTrainer } from "../training/device.ts";
import { createDeviceTrainer } from "../training/device.ts";
import type { OpenTrainer } from "../training/run.ts";
import type { Precision } from "../training/settings.ts";
import type { Engines } from "./engines.ts";
import { findAdapter } from "./engines.ts";
import type { Values } from "./flags.ts";

export interface TrainingPlace {
  readonly precision: Precision;
  /** One line for stderr. */
  readonly why: string;
  /** Null: the host's own. */
  readonly openTrainer: OpenTrainer | null;
  readonly dispose: () => void;
}

type Wish = Pick<Values, "trainingPrecision" | "penalty" | "adapter">;

/** @throws DeviceError where the adapter gives no second device. */
export async function openTrainingPlace(values: Wish, { engine }: Engines): Promise<TrainingPlace> {
  const { trainingPrecision, penalty } = values;
  const { kind, adapter } = engine.description;
  if (kind === "webgpu" && trainingPrecision !== "f64" && penalty === null) {
    const { gpu, adapterPreference, shaders } = await findAdapter({ adapter: values.adapter, plant: null });
    return onDevice(await openDevice(gpu, adapterPreference, shaders, undefined));
  }
  const precision = trainingPrecision ?? "f64";
  const reason = kind === "webgpu" && penalty !== null ? `: penalties are not differentiated on ${adapter}` : "";
  return { precision, why: `trains on the host in ${precision}${reason}`, openTrainer: null, dispose: () => undefined };
}

function onDevice(open: OpenDevice): TrainingPlace {
  const made: DeviceTrainer[] = [];
  return {
    precision: "f32",
    why: `trains on ${open.adapter.name} in f32`,
    async openTrainer(...given) {
      // One run after another: what the last one took is free again.
      made.pop()?.destroy();
      const trainer = await createDeviceTrainer(open, ...given);
      made.push(trainer);
      return trainer;
    },
    dispose: () => {
      open.device.destroy();
    },
  };
}
