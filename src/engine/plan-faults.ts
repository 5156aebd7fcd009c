/** The planted faults of a plan: its norms, with what was proven of them or without, and its weights. */
import type { Layer } from "../network/network.ts";
import type { FaultName } from "./faults.ts";
import { normFactor, truncated } from "./faults.ts";
import type { Interval } from "./interval.ts";
import type { Plan, PlannedLayer } from "./plan.ts";
import { planLayer } from "./plan.ts";

/** The plan with the fault in it, where it is one of these. */
export function withPlanFault(plan: Plan, fault: FaultName | null | undefined): Plan {
  const factor = normFactor("weight-norm", fault);
  if (factor !== null) return withLayers(plan, (layer) => ({ ...layer, ...scaledNorms(layer, factor) }));
  switch (fault) {
    case "weight-norm-proof-low":
    case "weight-norm-proof-high":
      return withLayers(plan, (layer) => {
        const norms = scaledNorms(layer, fault === "weight-norm-proof-low" ? 0.9 : 1.1);
        return { ...layer, ...norms, proof: { ...layer.proof, spectral: norms.spectralNorm } };
      });
    case "omega-low":
    case "omega-high":
      return withLayers(plan, (layer) => ({
        ...layer,
        absoluteNorm: layer.absoluteNorm * (fault === "omega-low" ? 0.9 : 3),
      }));
    case "plan-weights-f16":
      return planned(plan, (layer) => ({ ...layer, weight: layer.weight.map(truncated) }));
    case "plan-weights-transposed":
      return planned(plan, transposed);
    case "plan-bias-of-next":
      return planned(plan, (layer) => ({
        ...layer,
        bias: layer.bias.map((_, i, all) => all[(i + 1) % all.length] as number),
      }));
    default:
      return plan;
  }
}

function withLayers(plan: Plan, change: (layer: PlannedLayer) => PlannedLayer): Plan {
  return { ...plan, layers: plan.layers.map(change) };
}

function scaledNorms(layer: PlannedLayer, factor: number): Pick<PlannedLayer, "spectralNorm" | "frobeniusNorm"> {
  const scaled = (b: Interval): Interval => ({ lower: b.lower * factor, upper: b.upper * factor });
  return { spectralNorm: scaled(layer.spectralNorm), frobeniusNorm: scaled(layer.frobeniusNorm) };
}

/** The plan of changed weights, all of its norms their own. */
function planned(plan: Plan, change: (layer: Layer) => Layer): Plan {
  const layers = plan.network.layers.map(change);
  const parts = layers.map((layer, i) => planLayer(layer, i === 0 && plan.firstGram !== null));
  return {
    ...plan,
    network: { layers },
    layers: parts.map(({ layer }) => layer),
    firstGram: parts[0]?.gram ?? null,
  };
}

function transposed(layer: Layer): Layer {
  const { inputs: n, outputs, weight } = layer;
  if (n !== outputs) return layer;
  return { ...layer, weight: weight.map((_, at) => weight[(at % n) * n + Math.floor(at / n)] as number) };
}
