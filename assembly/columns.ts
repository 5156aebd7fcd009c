/** The kernels that a thread of engine cpu uses, in one memory (src/engine/wasm/workspace.ts). */
export { multiply } from "./column-product";
export { addScaledColumns, columnDot, columnMax, columnNorm, mask } from "./column-operations";
export { panelCombine, panelMask, panelProduct, panelStep } from "./panel";
