/**
 * Where the iteration in f32 runs (panel.ts): one memory of f32 numbers and the kernels on it, in WebAssembly SIMD (assembly/panel.ts, assembly/ritz.ts), or
 * where that is missing in loops (panel-loops.ts): the same bits.
 */
import type { PanelMemory } from "./panel-kernels.ts";
import type { Workspace } from "../wasm/workspace.ts";
import { threadWorkspace } from "../wasm/workspace.ts";
import { fillPanels, loopMemory, takeColumns } from "./panel-loops.ts";

export function panelMemory(workspace: Workspace): PanelMemory {
  const { isHere, singles, words } = workspace;
  const { panelProduct, panelSteps, panelCombine, panelSettle, panelPick, panelFill, panelTake } = workspace.kernels;
  return {
    ...workspace,
    fill(at, values, columns, rows) {
      if (isHere(values)) panelFill(values.byteOffset, columns, rows, at);
      else fillPanels(singles(), at, values, columns, rows);
    },
    take(at, rows, list, count, values, columns) {
      if (isHere(values)) panelTake(at, rows, list, count, values.byteOffset, 8 * columns);
      else takeColumns(singles(), words(), at, rows, list, count, values, columns);
    },
    kernels: {
      ...{ product: panelProduct, steps: panelSteps, combine: panelCombine, settle: panelSettle, pick: panelPick },
    },
  };
}

let own: PanelMemory | undefined;

/** This thread's: where it has kernels, in their memory, in which a block of samples stands as well (arena.ts). */
export function threadPanels(): PanelMemory {
  if (own === undefined) {
    const workspace = threadWorkspace(0);
    own = workspace === null ? loopMemory() : panelMemory(workspace);
  }
  return own;
}
