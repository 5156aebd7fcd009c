/** The page's side of chromium.ts: waits for a request, gives back the figures as JSON. */
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import { createGpuEngine } from "../../src/engine/gpu/engine.ts";
import type { ShaderSources } from "../../src/engine/gpu/sources.ts";
import type { PageProof } from "./engine-program.ts";
import { prove } from "./prove.ts";

interface PageRequest {
  readonly request: PageProof;
  readonly shaders: ShaderSources;
  readonly version: string;
}

Object.assign(globalThis, {
  prove: async ({ request, shaders, version }: PageRequest): Promise<string> => {
    const runtime = `chromium ${version}`;
    const host = createCpuEngine({ threads: 0, runtime });
    const open = () => createGpuEngine({ gpu: navigator.gpu, adapterPreference: "software", shaders, runtime });
    return JSON.stringify(await prove(request, open, host, () => undefined));
  },
});
