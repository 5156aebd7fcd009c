/** Whether a witness file's vectors have the lengths that its network gives them. */
import type { Measurements, TracedSample } from "../engine/engine.ts";
import { FormatError } from "../network/errors.ts";
import type { Network } from "../network/network.ts";

/** @throws FormatError naming the first vector of a wrong length. */
export function checkShapes(
  network: Network,
  file: {
    readonly stored: TracedSample;
    readonly measurements: Omit<Measurements, "samples" | "arithmetic" | "kinkDistance"> & {
      readonly kinkDistance?: readonly Float64Array[] | undefined;
    };
    readonly norms: readonly unknown[];
  },
  source: string,
): void {
  const { stored, measurements: measured, norms } = file;
  const depth = network.layers.length;
  const inputs = network.layers.map((l) => l.inputs);
  const outputs = network.layers.map((l) => l.outputs);
  const expectLength = (name: string, found: number, expected: number): void => {
    if (found !== expected) {
      throw new FormatError(`${source}: ${name}: found ${String(found)} values, expected ${String(expected)}`);
    }
  };
  const vectors = (name: string, list: readonly { readonly length: number }[], lengths: readonly number[]): void => {
    expectLength(name, list.length, lengths.length);
    list.forEach((vector, i) => {
      expectLength(`${name}.${String(i)}`, vector.length, lengths[i] as number);
    });
  };
  const singles = (name: string, list: readonly Float64Array[], count: number): void => {
    vectors(name, list, new Array<number>(count).fill(1));
  };
  expectLength("stored.topGradient", stored.topGradient.length, outputs[depth - 1] as number);
  expectLength("stored.inputGradient", stored.inputGradient.length, inputs[0] as number);
  vectors("stored.hidden", stored.hidden, [...inputs, outputs[depth - 1] as number]);
  vectors("stored.preactivation", stored.preactivation, outputs);
  vectors("stored.slopes", stored.slopes, outputs);
  vectors("stored.adjoints", stored.adjoints, outputs);
  vectors("stored.pullbacks", stored.pullbacks, inputs);
  stored.directions.forEach((direction, i) => {
    vectors(`stored.directions.${String(i)}.tangents`, direction.tangents, inputs);
    vectors(`stored.directions.${String(i)}.pushed`, direction.pushed, outputs);
  });
  expectLength("stored.witnesses", stored.witnesses.length, depth);
  stored.witnesses.forEach((witness, i) => {
    if (witness === null) return;
    const name = `stored.witnesses.${String(i)}`;
    expectLength(`${name}.vector`, witness.vector.length, inputs[i] as number);
    vectors(`${name}.stages`, witness.stages, outputs.slice(0, i));
    expectLength(`${name}.result`, witness.result.length, inputs[0] as number);
  });
  expectLength("measurements.finite", measured.finite.length, 1);
  expectLength("measurements.value", measured.value.length, 1);
  expectLength("norms", norms.length, depth);
  expectLength("measurements.topExponent", measured.topExponent.length, 1);
  for (const name of ["hiddenNorm", "slopeMax", "adjointNorm", "pullbackNorm"] as const) {
    singles(`measurements.${name}`, measured[name], depth);
  }
  if (measured.kinkDistance !== undefined) singles("measurements.kinkDistance", measured.kinkDistance, depth);
  measured.directions.forEach((direction, i) => {
    singles(`measurements.directions.${String(i)}.tangentNorm`, direction.tangentNorm, depth);
    singles(`measurements.directions.${String(i)}.products`, direction.products, depth + 1);
  });
  for (const name of ["witnesses", "explicit"] as const) {
    expectLength(`measurements.${name}`, measured[name].length, depth);
    measured[name].forEach((entry, i) => {
      if (entry === null) return;
      for (const [key, list] of Object.entries(entry) as [string, ArrayLike<number> | readonly Float64Array[]][]) {
        const place = `measurements.${name}.${String(i)}.${key}`;
        if (key === "stageNorm") singles(place, list as readonly Float64Array[], i);
        else if (key === "iterateNorm") singles(place, list as readonly Float64Array[], 2);
        else expectLength(place, list.length, 1);
      }
    });
  }
  stored.witnesses.forEach((witness, i) => {
    if (witness?.search === undefined) return;
    const steps = measured.witnesses[i]?.steps[0] ?? 0;
    const { alpha, beta } = witness.search;
    expectLength(`stored.witnesses.${String(i)}.search.alpha`, alpha.length, steps);
    expectLength(`stored.witnesses.${String(i)}.search.beta`, beta.length, steps);
  });
}
