/**
 * `gpv bench`: how many samples a second this machine verifies, by network, engine and accuracy, beside numpy where it is installed: in one
 * run, in turn, at equal precision of ‖J_t‖.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { UsageError } from "../network/errors.ts";
import { formatActivation } from "../network/parametric.ts";
import { inputWidth } from "../network/network.ts";
import { verify } from "../pipeline/verify.ts";
import type { BenchMeasured, BenchReport } from "../records/bench.ts";
import type { SampleRow } from "../records/sample.ts";
import { benchConsole } from "../report/bench-console.ts";
import { plainJson } from "../report/json.ts";
import type { Arguments } from "./arguments.ts";
import type { Peer } from "./bench-numpy.ts";
import { exactNorms, openNumpy, TOLERANCES, within, writeTask } from "./bench-numpy.ts";
import type { Contender } from "./bench-rate.ts";
import { ratesOf } from "./bench-rate.ts";
import type { BenchWorkload, WorkloadName } from "./bench-workloads.ts";
import { openWorkload, WORKLOAD_NAMES } from "./bench-workloads.ts";
import type { Engines } from "./engines.ts";
import { openEngines, recoveryOf, restartFirst } from "./engines.ts";
import { reading } from "./files.ts";
import type { Io } from "./io.ts";
import { closeAll, openOutputs } from "./outputs.ts";
import { runtimeName } from "./runtime/gpu.ts";
import { TOOL } from "./version.ts";

type Accuracy = number | "verdict";

export async function benchCommand(args: Arguments, io: Io): Promise<number> {
  const { values } = args;
  const names = chosen(args);
  await restartFirst(values);
  const { opened, abandon } = openOutputs({ report: values.report });
  const folder = mkdtempSync(join(tmpdir(), "gpv-bench-"));
  let numpy: Peer | null = null;
  try {
    numpy = values.peers === "none" ? null : await openNumpy();
    const workloads: BenchMeasured[] = [];
    const engines = await openEngines({ ...values, precision: null, plant: null }, recoveryOf(values, io));
    try {
      io.note(`gpv: ${engines.why}`);
      for (const name of names) {
        const workload = await openWorkload(name, reading(io, values.maxMemory));
        io.note(`gpv: ${name} ${networkName(workload)}`);
        workloads.push(...(await measured(args, workload, engines, numpy, join(folder, name), io)));
      }
    } finally {
      engines.dispose();
    }
    const report: BenchReport = {
      schema: "gradient-penalty-bench/1",
      tool: TOOL,
      startedAt: io.date(),
      machine: {
        cpu: cpus()[0]?.model ?? "unknown",
        cores: availableParallelism(),
        platform: `${process.platform} ${process.arch}`,
        runtime: runtimeName(),
      },
      peers: numpy === null ? {} : { numpy: numpy.about },
      rounds: values.rounds,
      workloads,
    };
    const json = plainJson(report);
    opened.get("report")?.write(json);
    const lost = closeAll([...opened.values()]);
    await io.out(values.json === true ? json : benchConsole(report));
    if (lost !== null) throw lost;
    return 0;
  } finally {
    abandon();
    numpy?.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Workloads from `--workload` and the words behind it; all where none is named. */
function chosen({ values, operands }: Arguments): readonly WorkloadName[] {
  const words = [...(values.workload ?? []), ...operands.flatMap((word) => word.split(","))];
  const unknown = words.find((word) => !WORKLOAD_NAMES.some((name) => name === word));
  if (unknown !== undefined) {
    throw new UsageError(`--workload: found "${unknown}", expected of ${WORKLOAD_NAMES.join(", ")}`);
  }
  return WORKLOAD_NAMES.filter((name) => words.length === 0 || words.includes(name));
}

function networkName({ network }: BenchWorkload): string {
  const [first] = network.layers;
  const widths = [inputWidth(network), ...network.layers.map(({ outputs }) => outputs)];
  return `${widths.join("-")} ${first === undefined ? "" : formatActivation(first.activation)}`;
}

/** Samples whose norms are held against SVDs. */
const CHECKED = 32;
/** Of our norms must be within the accuracy, or as many as are: so many of a peer's too. */
const SHARE = 0.999;
/** Numbers of the inputs that a peer is given. */
const PEER_NUMBERS = 2 ** 24;

/** One workload at every accuracy, and its peer, in turn. */
async function measured(
  { values, given }: Arguments,
  workload: BenchWorkload,
  engines: Engines,
  numpy: Peer | null,
  folder: string,
  io: Io,
): Promise<BenchMeasured[]> {
  const { engine, host } = engines;
  const accuracies: readonly Accuracy[] = given.has("accuracy") ? [values.accuracy] : [1e-3, "verdict"];
  const run = async (samples: number, accuracy: Accuracy, onRow: ((row: SampleRow) => void) | null = null) => {
    const startedMs = io.now();
    const { failure } = await verify({
      ...{ network: workload.network, head: { kind: "logit-argmax" }, source: workload.source(samples) },
      ...{ engine, host, norm: "spectral", accuracy, audit: values.audit, seed: 0, signal: io.signal, onRow },
    });
    io.signal.throwIfAborted();
    if (failure !== null) throw failure;
    return (io.now() - startedMs) / 1000;
  };
  const contenders: Contender[] = accuracies.map((accuracy) => ({
    name: String(accuracy),
    seconds: (samples) => run(samples, accuracy),
    ...{ least: engine.description.kind === "cpu" ? 64 : 16, most: Infinity },
  }));
  const accuracy = accuracies.find((own) => own !== "verdict");
  const estimates: number[][] = [];
  if (numpy !== null && accuracy !== undefined) {
    await run(CHECKED, accuracy, (row) =>
      estimates.push(row.layers.slice(1).map((layer) => layer.jacobianNorm ?? NaN)),
    );
  }
  const ours = estimates[0]?.map((_, t) => estimates.map((own) => own[t] as number)) ?? null;
  const peer = numpy === null ? null : await beside(numpy, workload, folder, accuracy ?? 1e-3, ours);
  if (peer !== null) contenders.push(peer.contender);
  const rates = await ratesOf(contenders, values.rounds);
  return accuracies.map((own) => ({
    ...{ name: workload.name, network: networkName(workload), engine: engine.description.kind },
    ...{ adapter: engine.description.adapter, accuracy: own, samplesPerSecond: rates.get(String(own)) ?? NaN },
    ...(peer?.ours === undefined || own === "verdict" ? {} : { reached: peer.ours }),
    peers: peer === null ? {} : { numpy: rates.get("numpy") ?? NaN },
    ...(peer === null ? {} : { peerReached: { numpy: peer.reached } }),
  }));
}

/** numpy on the same network and inputs, its stopping rule so tight that as many of its norms are within the accuracy as of ours. */
async function beside(
  numpy: Peer,
  { network, source }: BenchWorkload,
  folder: string,
  accuracy: number,
  found: readonly (readonly number[])[] | null,
): Promise<{ contender: Contender; reached: number; ours?: number } | null> {
  const most = Math.min(2 ** 18, Math.floor(PEER_NUMBERS / inputWidth(network)));
  writeTask(folder, network, source(most).read(0, most).inputs);
  const exact = await exactNorms(numpy, folder, CHECKED);
  if (exact.length === 0) return null;
  const ours = found === null ? undefined : within(found, exact, accuracy);
  let [reached, tolerance] = [0, 0];
  for (tolerance of TOLERANCES) {
    reached = within(await numpy.norms(folder, CHECKED, tolerance), exact, accuracy);
    if (reached >= Math.min(SHARE, ours ?? 1)) break;
  }
  const seconds = async (samples: number): Promise<number> => (await numpy.seconds(folder, samples, tolerance)).wall;
  const contender = { name: "numpy", seconds, least: 256, most };
  return { contender, reached, ...(ours === undefined ? {} : { ours }) };
}
