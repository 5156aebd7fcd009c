/** The kernels that a thread of engine cpu uses, in one memory (src/engine/wasm/workspace.ts). */
export { multiply } from "./column-product";
export { identity, relu, tanhWithSlope } from "./activations";
export {
  addScaledColumns,
  addToRows,
  allFinite,
  columnDot,
  columnLeast,
  columnMax,
  columnNorm,
  mask,
  scaleColumns,
  spread,
} from "./column-operations";
export { panelCombine, panelMask, panelProduct, panelStep } from "./panel";
export { panelPick, panelSettle } from "./ritz";
