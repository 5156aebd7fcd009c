/** The explanation in English; its shape is what the other language must have. */
import { rich } from "./rich.ts";

export const en = {
  title: "Why it holds, step by step",
  introduction:
    "Each step has the numbers of one sample of the network that the page runs, measured just now by the same engine and audited in full. Entries of the identities are drawn at random; what rounding allows is derived, not tuned.",
  sample: "sample",
  layer: "layer t",
  measuring: "Measuring …",
  measured: (sample: number, samples: string, head: string, kind: string, precision: string) =>
    `Sample ${String(sample)} of ${samples}, f = ${head}, engine ${kind} in ${precision}.`,

  setting: {
    title: "1. The network",
    before: rich`A fully connected network of ${"l"} layers; ${"f"} is any scalar function of its output ${"output"}.`,
    middle: rich`Three derivatives do all the work. The Jacobian ${"J"} looks back to the input, the adjoint ${"delta"} ahead to ${"f"}, and the slopes ${"D"} are diagonal where ${"g"} acts entry by entry.`,
    caption: "The layers in this sample",
  },
  chain: {
    title: "2. The chain rule",
    before: rich`Forwards, each Jacobian comes from the one before it; backwards, each adjoint from the one after it.`,
    middle: rich`Where the two meet, at whichever layer, their product is the same input gradient:`,
    caption: (column: number) =>
      `Entry ${String(column)} of ∇ₓf from the backward pass, and the same made at each layer out of δ, W and J; relative to ‖∇ₓf‖`,
  },
  outer: {
    title: "3. The gradient of the weights is an outer product",
    before: rich`The weight ${"Wki"} moves ${"zk"} alone, and moves it by ${"hi"}. So`,
    middle: rich`and the norm of this matrix is the product of two vectors' norms:`,
    caption: (layer: number) => `Norms at layer ${String(layer)}`,
  },
  identity: {
    title: "4. The identity",
    before: rich`Multiply the chain rule by ${"h"} from the left, and the gradient of the weights appears:`,
    caption: (layer: number) => `Both sides at layer ${String(layer)}, entry (i, j); relative to ‖h‖ ‖∇ₓf‖`,
    why: "Nothing is divided",
    division: rich`The source gets here by dividing by an entry of ${"h"} on the way. That needs the entry not to be 0, and a ReLU makes entries exactly 0. With the outer product there is nothing to divide by, so the identity holds for every ${"h"}, ${"x"} itself included.`,
    zeros: (zeros: number, entries: number, layer: number) =>
      `In this sample ${String(zeros)} of the ${String(entries)} entries of h at layer ${String(layer)} are exactly 0.`,
  },
  contraction: {
    title: "5. Contract it",
    before: rich`Multiplying by ${"hT"} from the left makes an identity of vectors out of it:`,
    caption: (layer: number) => `Both sides at layer ${String(layer)}, entry j; relative to ‖h‖² ‖∇ₓf‖`,
  },
  norms: {
    title: "6. Take norms",
    before: rich`A product is at most as long as the product of the norms, be they spectral or Frobenius norms of ${"W"} and ${"J"}:`,
    middle: rich`Squared, and brought to the left:`,
    caption: (layer: number) => `The factors at layer ${String(layer)}, and the proven interval of ‖J‖`,
    interval: "proven",
  },
  bias: {
    title: "7. The bias",
    before: rich`The gradient of the bias ${"b"} is the adjoint itself, so that the chain rule is its identity as it stands,`,
    middle: rich`and its inequality is the same with 1 in place of the norm of ${"h"}:`,
    caption: (layer: number) => `Both sides at layer ${String(layer)}, entry j; relative to ‖∇ₓf‖`,
  },
  free: {
    title: "8. One number decides a layer",
    before: rich`Both say the same, and what is checked is the form without a division:`,
    trivial: rich`Where ${"W0"}, ${"J0"} (a layer of dead ReLUs) or ${"delta0"}, the right side is 0, and so is the input gradient: the sample holds trivially and the layer's term counts as 0. How near a layer is to equality is one number, which has two parts:`,
    parts: rich`${"alpha"} is what is left at ${"W"}: it is 1 where the adjoint lies along the top left singular vector of ${"W"}. ${"beta"} is the same for ${"J"}. A sharper inequality costs one directional derivative more:`,
    caption: "Tightness of each layer, its proven interval, its parts, and what the sharper inequality gives",
    directional: "directional",
  },
  sum: {
    title: "9. Add up the layers",
    before: rich`Both forms, added over all layers, are the theorem; the fraction's sum is the coefficient between the two penalties.`,
    middle: rich`Left over right is a weighted mean of the squared tightnesses. What is missing to 1 is lost at some layer, at ${"W"} or at ${"J"}:`,
    caption: "This sample",
    losses: "What is lost of the right side, by layer",
    coefficient: "coefficient",
  },
  bracket: {
    title: "10. How large is the coefficient?",
    before: rich`The coefficient says how strongly the parameter penalty presses on the input penalty. As the source reports it, the paper argues from weights near 0 at initialisation. The source objects: at the usual initialisations ${"normW"} is nowhere near 0. It is 1 for orthogonal weights and more than 1 for those of Glorot and He at every usual width.`,
    drawn: (widths: string) =>
      `Networks ${widths} with ReLU, drawn and measured now: norms of sample 0, and the coefficient of 100 samples`,
    initialiser: "weights",
    weightNorms: "‖W‖ of layers 1 … l",
    jacobianNorms: "‖J‖ of layers 1 … l",
    median: "coefficient, median",
    measure: (name: string) => `Measuring ${name} …`,
  },
  limits: {
    title: "11. What this covers, and what it does not",
    covered: "The same derivation serves",
    coveredItems: [
      rich`any differentiable ${"g"}: for softmax, LayerNorm or maxout ${"D"} is a matrix, and no step changes;`,
      rich`any convention for the slope at a kink, ${"slopes"}: the algebra never asks what the slopes are;`,
      rich`Frobenius norms, or any consistent chain of operator norms.`,
    ],
    not: "It is false as stated for",
    notItems: [
      rich`shared weights, as in a convolution: the gradients of each position, untied, obey it, their sum need not;`,
      rich`residual blocks: only the branch's gradient obeys it;`,
      rich`BatchNorm, which ties the samples of a batch together;`,
      rich`the gradient of a batch's mean. Everything here is per sample: squared norms may be summed over a batch, gradients may not.`,
    ],
    reading:
      "Since the inequality is a theorem, a verdict is about a computation: that these numbers, rounding included, are ones that it allows.",
  },
  sources: {
    title: "Sources",
    blog: "Su Jianlin, an inequality between the input-gradient penalty and the parameter-gradient penalty (in Chinese), 2021",
    paper: "Dherin, Munn, Barrett, The Geometric Occam's Razor Implicit in Deep Learning, 2021",
  },
  columns: {
    layer: "layer",
    shape: "size",
    zeros: "zeros in h",
    verdict: "verdict",
    row: "i",
    column: "j",
    leftSide: "left",
    rightSide: "right",
    apart: "apart",
    allowed: "rounding allows",
    interval: "κ, proven",
    ratio: "left / right",
    atW: "at W",
    atJ: "at J",
  },
};
