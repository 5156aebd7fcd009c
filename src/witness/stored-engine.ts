/** An engine that computes nothing: it gives back what a witness holds, so that the pipeline examines it as it examined the run. */
import type { Engine } from "../engine/engine.ts";
import type { Witness } from "./witness.ts";

export function storedEngine({ engine, measurements, stored }: Witness): Engine {
  return {
    description: engine,
    batchSize: () => 1,
    measure: () =>
      Promise.resolve({
        measurements,
        stored: () => Promise.resolve([stored]),
        traced: () => Promise.resolve([stored]),
        release: () => undefined,
      }),
    dispose: () => undefined,
  };
}
