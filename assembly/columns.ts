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
export { panelCombine, panelSteps } from "./panel";
export { panelFill, panelPick, panelTake } from "./panel-columns";
export { panelProduct } from "./panel-product";
export { panelSettle } from "./ritz";
