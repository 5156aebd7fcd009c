/** `--repro FILE.html`: one kernel call, run once more here, as a page that its reader can run. */
import type { KernelCall } from "../conformance/call.ts";
import { kernelOf } from "../conformance/call.ts";
import { makeRepro } from "../conformance/repro.ts";
import { runCalls } from "../conformance/run.ts";
import type { FaultName } from "../engine/faults.ts";
import { openDevice } from "../engine/gpu/device.ts";
import { reproPage } from "../report/repro-page.ts";
import { findAdapter } from "./engines.ts";
import type { Output } from "./outputs.ts";
import type { Io } from "./io.ts";
import { TOOL } from "./version.ts";

export interface ReproWish {
  readonly plant: FaultName | null;
  readonly adapter: string | null;
  readonly story: string;
  /** Begins the line that says why there is no page. */
  readonly place: string;
  /** The line that says where the page is. */
  readonly done: string;
}

/** False where the call alone gives right numbers here: no page is written then, and stdout says so. */
export async function writeRepro(
  call: KernelCall,
  page: Output,
  { plant, adapter, story, place, done }: ReproWish,
  io: Io,
): Promise<boolean> {
  const options = await findAdapter({ plant, adapter });
  const open = await openDevice(options.gpu, options.adapterPreference, options.shaders, options.fault);
  try {
    const [found = []] = await runCalls([open], "alone", [call]);
    const repro = makeRepro(call, found, {
      sources: options.shaders,
      plant,
      story,
      engine: {
        kind: "webgpu",
        precision: "f32",
        adapter: open.adapter.name,
        runtime: options.runtime,
        hardware: open.adapter.hardware,
      },
    });
    if (repro.comparison.deviation === null) {
      await io.out(
        `${place}: run alone on the right inputs, ${kernelOf(call).name} gives right numbers here; what it was handed, or when, was wrong\n`,
      );
      return false;
    }
    page.write(await reproPage(repro, TOOL));
    page.close();
    await io.out(`${done}\n`);
    return true;
  } finally {
    open.device.destroy();
  }
}
