/** One proof on the engines that a runtime gives: the same code under Node, Deno and in Chromium. */
import type { CpuEngine } from "../../src/engine/cpu/engine.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { FaultName } from "../../src/engine/faults.ts";
import { allFaults } from "../faults/all.ts";
import { agreement, STRUCTURED } from "./agreement.ts";
import { clean } from "./clean.ts";
import type { ProofRequest } from "./engine-program.ts";
import { exactly } from "./exact.ts";
import { extremes } from "./extremes.ts";

/** @param open the engine that was asked for, with a fault planted or clean; @param host the clean f64 engine. */
export async function prove(
  request: Exclude<ProofRequest, { proof: "overhead" }>,
  open: (fault?: FaultName) => Promise<Engine>,
  host: CpuEngine,
  say: (line: string) => void,
): Promise<object> {
  if (request.proof === "faults") return allFaults({ kind: request.engine, open, host }, request.sizes, say);
  const engine = request.engine === "cpu" ? host : await open();
  const figures = await onEngine(request, engine, host);
  return { engine: engine.description, ...figures };
}

function onEngine(
  request: Exclude<ProofRequest, { proof: "faults" | "overhead" }>,
  engine: Engine,
  host: CpuEngine,
): Promise<object> {
  switch (request.proof) {
    case "exact":
      return exactly(host, request.from, request.to, true);
    case "extremes":
      return extremes(engine, host, request.deepest, request.drawn);
    case "agreement":
      return agreement(engine, host, request.seed, request.from, request.to, request.budget);
    case "structured":
      return agreement(engine, host, request.seed, request.from, request.to, request.budget, STRUCTURED);
    case "clean":
      return clean(engine, host, request);
  }
}
