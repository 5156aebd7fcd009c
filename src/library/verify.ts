/**
 * The question that a program asks: does the inequality hold for this network at these inputs? On values, in every runtime; src/node.ts
 * asks it of files.
 *
 * @example
 * const { report } = await verify({
 *   model: { layers: [{ weight: [[1, 0], [0, 2]], bias: [0, 0], activation: "tanh" }] },
 *   inputs: [[0.5, -1], [3, 2]],
 *   head: "sum",
 * });
 */
import type { ModelFile } from "../formats/model-json.ts";
import { networkFromJson } from "../formats/model-json.ts";
import { UsageError } from "../network/errors.ts";
import type { Head } from "../network/heads.ts";
import { checkHead, HEAD_NAMES, headByName, labelUse } from "../network/heads.ts";
import type { Network } from "../network/network.ts";
import { checkNetwork, outputWidth } from "../network/network.ts";
import type { VerifyOutcome, VerifyRequest } from "../pipeline/verify.ts";
import type { Frozen } from "../records/kit.ts";
import { verify as verifySamples } from "../pipeline/verify.ts";
import type { EngineChoice } from "./engines.ts";
import { chooseEngines } from "./engines.ts";
import type { Inputs, Labels } from "./inputs.ts";
import { samplesOf } from "./inputs.ts";

/** What may be said besides; as in `gpv verify`, with its defaults. */
type Settings = Pick<
  VerifyRequest,
  | "normMethod"
  | "certify"
  | "audit"
  | "batchSize"
  | "signal"
  | "onProgress"
  | "onPlan"
  | "onRow"
  | "clock"
  | "description"
>;

export interface Question extends Settings, EngineChoice {
  /** A Network, as readModel makes it of a file's bytes, or layers of nested arrays: { weight: rows of outputs, bias or null, activation }. */
  readonly model: Network | Frozen<Pick<ModelFile, "layers">>;
  readonly inputs: Inputs;
  /**
   * f, as --head spells it, or with the numbers of its own (linear, squared-error).
   * @default "logit:argmax"
   */
  readonly head?: string | Head;
  /** For cross-entropy and logistic (−1 or 1), which need them, and margin. */
  readonly labels?: Labels | null;
  /** @default "spectral" */
  readonly norm?: VerifyRequest["norm"];
  /**
   * Relative error wanted of each Jacobian-norm estimate, or "verdict".
   * @default 1e-3
   */
  readonly accuracy?: VerifyRequest["accuracy"];
  /**
   * Of everything that is drawn.
   * @default 0
   */
  readonly seed?: number;
}

/**
 * Verdicts, measurements and the report of a run (schemas/report.schema.json); rows go to `onRow`, in index order.
 * @throws FormatError, ModelError, UsageError for what cannot be asked; DeviceError where the engine that is wanted is not there. A
 * device that fails under way is the outcome's `failure`, beside the report of what was finished.
 */
export async function verify(question: Question): Promise<VerifyOutcome> {
  const { model, inputs, head: wanted = "logit:argmax", labels = null, engine, host, shaders, ...settings } = question;
  const { norm = "spectral", accuracy = 1e-3, seed = 0, description = null, ...rest } = settings;
  const network = networkOf(model);
  const head = headOf(wanted);
  const use = labelUse(head);
  if (use === "required" && labels === null) throw new UsageError(`head ${head.kind}: found no labels, expected some`);
  const source = samplesOf(network, inputs, use === "none" ? null : labels, head, seed);
  checkHead(head, outputWidth(network), source.samples);
  const engines = await chooseEngines({ engine: engine ?? "auto", host: host ?? null, shaders: shaders ?? null });
  try {
    return await verifySamples({
      ...{ ...rest, network, head, source, engine: engines.engine, host: engines.host, norm, accuracy, seed },
      description: { headName: typeof wanted === "string" ? wanted : head.kind, ...description },
    });
  } finally {
    engines.dispose();
  }
}

function networkOf(model: Question["model"]): Network {
  if (!isNetwork(model)) return networkFromJson({ schema: "gradient-penalty-model/1", ...model }, "model", {});
  checkNetwork(model, "model");
  return model;
}

function isNetwork(model: Question["model"]): model is Network {
  return ArrayBuffer.isView(model.layers[0]?.weight);
}

function headOf(head: string | Head): Head {
  if (typeof head !== "string") return head;
  const named = headByName(head);
  if (named === null) throw new UsageError(`head "${head}": expected one of ${HEAD_NAMES.join(", ")}, or a Head`);
  return named;
}
