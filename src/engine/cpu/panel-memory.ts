/**
 * Where the iteration in f32 runs (panel.ts): one memory of f32 numbers and the kernels on it, in WebAssembly SIMD (assembly/panel.ts, assembly/ritz.ts), or
 * where that is missing in loops (panel-loops.ts): the same bits.
 */
import type { PanelMemory } from "./panel-kernels.ts";
import type { Workspace } from "../wasm/workspace.ts";
import { createWorkspace } from "../wasm/workspace.ts";
import { loopMemory } from "./panel-loops.ts";

export function panelMemory(workspace: Workspace): PanelMemory {
  const { panelProduct, panelMask, panelStep, panelCombine, panelSettle, panelPick } = workspace.kernels;
  return {
    ...workspace,
    kernels: {
      ...{ product: panelProduct, mask: panelMask, step: panelStep, combine: panelCombine },
      ...{ settle: panelSettle, pick: panelPick },
    },
  };
}

let own: PanelMemory | undefined;

/** This thread's. */
export function threadPanels(): PanelMemory {
  if (own === undefined) {
    const workspace = createWorkspace();
    own = workspace === null ? loopMemory() : panelMemory(workspace);
  }
  return own;
}
