/**
 * A network of one's own, value by value: W_1 = diag(1, 2), W_2 = (1 0), so ∇ₓf = (1 0) and the ratio is ¼ by hand.
 *
 *     node_modules/.bin/deno run -A examples/own-network.ts
 */
import { consoleReport, verify } from "../src/index.ts";

const { report } = await verify({
  model: {
    layers: [
      {
        weight: [
          [1, 0],
          [0, 2],
        ],
        bias: [0, 0],
        activation: "identity",
      },
      { weight: [[1, 0]], bias: [0], activation: "identity" },
    ],
  },
  inputs: [
    [0.5, -1],
    [3, 2],
    [0, 0],
  ],
  head: "sum",
  onRow: ({ index, verdict, ratio }) => {
    console.log(`sample ${String(index)}: ${verdict}, ratio ${String(ratio)}`);
  },
});
console.log(consoleReport(report));
