/**
 * The base pass of a batch on the device: forward, head, backward, the two tangents of the cut test, every norm and product.
 *
 *     z = W h + b,  h′ = g(z),  D = g′(z)          a_t = W′_tᵀ δ_t,  δ_{t−1} = D_{t−1} ∘ a_t,  ĝ_x = a_1
 *     S_0 = ĝ_x·τ_1,  S_t = δ_t·ζ_t          (τ and ζ: tangent-pass.ts)
 *
 * Sizes: B columns, the batch's capacity; the two tangents stand side by side, 2B columns.
 */
import type { FaultName } from "../faults.ts";
import { inputGradientFactor } from "../faults.ts";
import type { Dispatch, Matrix, Workspace } from "./dispatch.ts";
import { HEAD_STATE, KERNELS } from "./kernels.ts";
import type { Operands } from "./operands.ts";
import type { SumBuffer, SumRequest } from "./sums.ts";
import { createSums } from "./sums.ts";
import { createTangentPass } from "./tangent-pass.ts";

export interface BasePass {
  readonly columns: number;
  /** h_t, t = 1 … l + 1 (entry t − 1); z_{t+1} and D_t, δ_t, a_t, τ_t, ζ_t for t = 1 … l. */
  readonly hidden: readonly Matrix[];
  readonly preactivation: readonly Matrix[];
  readonly slopes: readonly Matrix[];
  readonly adjoints: readonly Matrix[];
  readonly pullbacks: readonly Matrix[];
  readonly tangents: readonly Matrix[];
  readonly pushed: readonly Matrix[];
  readonly topGradient: Matrix;
  /** (f, e) for each sample. */
  readonly values: Matrix;
  readonly labels: GPUBuffer;
  readonly headData: GPUBuffer;
  /** Sets the address of the random directions: the plan's seed and the batch's first index. */
  readonly setAddress: (seed: number, first: number) => void;
  readonly dispatches: readonly Dispatch[];
  readonly sums: SumBuffer;
  /** Which number each request of `sums` has. */
  readonly requests: {
    readonly hidden: readonly number[];
    readonly preactivation: readonly number[];
    readonly slopes: readonly number[];
    readonly adjoints: readonly number[];
    readonly pullbacks: readonly number[];
    readonly tangents: readonly number[];
    readonly pushed: readonly number[];
    readonly topGradient: number;
    /** The distance of z_{t+1} from a kink; null where the activation has none. */
    readonly kinks: readonly (number | null)[];
    /** S_0 … S_l. */
    readonly products: readonly number[];
  };
}

export async function createBasePass(
  workspace: Workspace,
  operands: Operands,
  columns: number,
  fault: FaultName | undefined,
): Promise<BasePass> {
  const { depth, width } = operands;
  const layers = Array.from({ length: depth }, (_, i) => i + 1);
  const make = (name: string, t: number, rows: number): Matrix =>
    workspace.matrix(`${name}.${String(t)}`, rows, columns);
  const hidden = [...layers, depth + 1].map((t) => make("hidden", t, width(t)));
  const preactivation = layers.map((t) => make("preactivation", t, width(t + 1)));
  const slopes = layers.map((t) => make("slopes", t, width(t + 1)));
  const adjoints = layers.map((t) => make("adjoint", t, width(t + 1)));
  const pullbacks = layers.map((t) => make("pullback", t, width(t)));
  const outputs = width(depth + 1);
  const topGradient = make("top-gradient", depth, outputs);
  const values = workspace.matrix("values", 1, columns, 2);
  const labels = workspace.matrix("labels", 1, columns).buffer;
  const states = workspace.matrix("head.states", 1, columns, HEAD_STATE).buffer;
  const headData = workspace.matrix("head-data", outputs, columns).buffer;
  const unused = [workspace.matrix("unused", 1, 4).buffer, workspace.matrix("unused", 1, 4).buffer] as const;
  const b = (matrices: readonly Matrix[], t: number): GPUBuffer => (matrices[t - 1] as Matrix).buffer;

  const dispatches: Dispatch[] = [];
  for (const t of layers) {
    dispatches.push(
      await workspace.dispatch(
        KERNELS.forward,
        { ACTIVATION: operands.activation(t) },
        { rows: width(t + 1), inner: width(t), columns },
        [operands.weight(t), operands.bias(t), b(hidden, t), b(preactivation, t), b(hidden, t + 1), b(slopes, t)],
      ),
    );
  }
  dispatches.push(
    await workspace.dispatch(
      KERNELS.head,
      { HEAD: operands.head },
      { width: outputs, columns, index: operands.headIndex },
      [
        b(hidden, depth + 1),
        headData,
        labels,
        b(slopes, depth),
        values.buffer,
        topGradient.buffer,
        b(adjoints, depth),
        states,
      ],
    ),
  );
  for (const t of [...layers].reverse()) {
    const masked = t > 1;
    dispatches.push(
      await workspace.dispatch(
        KERNELS.vectorJacobianProduct,
        { MASKED: masked ? 1 : 0, FACTOR: t === 1 ? inputGradientFactor(fault) : 1 },
        { rows: width(t), inner: width(t + 1), columns, samples: columns },
        [
          operands.scaled(t),
          b(adjoints, t),
          masked ? b(slopes, t - 1) : unused[0],
          b(pullbacks, t),
          masked ? b(adjoints, t - 1) : unused[1],
        ],
      ),
    );
  }
  const cut = await createTangentPass(workspace, operands, pullbacks[0] as Matrix, slopes);
  const { tangents, pushed, setAddress } = cut;
  dispatches.push(...cut.dispatches);

  const list: SumRequest[] = [];
  const ask = (request: SumRequest): number => list.push(request) - 1;
  const norms = (matrices: readonly Matrix[]): number[] => matrices.map((of) => ask({ kind: "norm", of }));
  const requests: BasePass["requests"] = {
    hidden: norms(hidden),
    preactivation: norms(preactivation),
    slopes: norms(slopes),
    adjoints: norms(adjoints),
    pullbacks: norms(pullbacks),
    tangents: norms(tangents),
    pushed: norms(pushed),
    topGradient: ask({ kind: "norm", of: topGradient }),
    kinks: preactivation.map((of, i) => {
      const places = operands.kinks(i + 1).map((kink) => kink.at);
      return places.length === 0 ? null : ask({ kind: "least", of, places });
    }),
    products: [
      ask({ kind: "dot", left: pullbacks[0] as Matrix, right: tangents[0] as Matrix }),
      ...layers.map((t) => ask({ kind: "dot", left: adjoints[t - 1] as Matrix, right: pushed[t - 1] as Matrix })),
    ],
  };
  const sums = await createSums(workspace, "base.sums", list);
  return {
    columns,
    hidden,
    preactivation,
    slopes,
    adjoints,
    pullbacks,
    tangents,
    pushed,
    topGradient,
    values,
    labels,
    headData,
    setAddress,
    dispatches: fault === "barrier-missing" ? [...sums.dispatches, ...dispatches] : [...dispatches, ...sums.dispatches],
    sums,
    requests,
  };
}
