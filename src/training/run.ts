/** One run: steps and probes in turn, from its beginning or from where another process left it. */
import type { EnginePair } from "../engine/pair.ts";
import type { Network } from "../network/network.ts";
import type { ProbeSampleRow, SeriesRow } from "../records/training.ts";
import type { Dataset } from "./data.ts";
import { evaluate } from "./evaluate.ts";
import type { TrainingFault } from "./faults.ts";
import type { ProbeSettings } from "./probe.ts";
import { probe } from "./probe.ts";
import { withParameters } from "./parameters.ts";
import { learningRateAt } from "./schedule.ts";
import type { TrainingSettings } from "./settings.ts";
import type { Divergence, RunTrainer, TrainingState } from "./trainer.ts";
import { createTrainer, initialNetwork, initialState } from "./trainer.ts";

/** All that a run that goes on needs, beside settings and data. */
export interface RunState {
  readonly training: TrainingState;
  readonly series: readonly SeriesRow[];
  /** Sum and number of the minibatch losses since the last probe. */
  readonly losses: { readonly sum: number; readonly count: number };
  readonly diverged: Divergence | null;
}

export interface TrainingRequest {
  readonly settings: TrainingSettings;
  readonly probing: ProbeSettings;
  /** Steps before which the network is probed. */
  readonly probesAt: readonly number[];
  readonly train: Dataset;
  readonly held: Dataset | null;
  readonly probeSet: Dataset;
  readonly engines: Pick<EnginePair, "engine" | "host">;
  readonly from: RunState | null;
  readonly signal: AbortSignal | null;
  /** A turn of the event loop now and then, so that an interruption is heard. */
  readonly pause: () => Promise<void>;
  /** After each step and each probe. @param probed the row, where there is a new one. */
  readonly onState: (read: () => Promise<ReadRun>, step: number, probed: SeriesRow | null) => void | Promise<void>;
  readonly onSample: ((row: ProbeSampleRow) => void) | null;
  readonly fault?: TrainingFault | null;
  /** Makes what trains; the host where left out. */
  readonly openTrainer?: typeof createTrainer | OpenTrainer;
}

export type OpenTrainer = (
  settings: TrainingSettings,
  data: Dataset,
  from: TrainingState,
  fault: TrainingFault | null,
) => Promise<RunTrainer>;

export interface ReadRun {
  readonly state: RunState;
  readonly network: Network;
}

export interface TrainingOutcome {
  readonly state: RunState;
  readonly network: Network;
  readonly interrupted: boolean;
  /** Steps that this call made. */
  readonly made: number;
}

export async function runTraining(request: TrainingRequest): Promise<TrainingOutcome> {
  const { settings, train, from, signal } = request;
  const opens = request.openTrainer ?? createTrainer;
  const trainer: RunTrainer = await opens(
    settings,
    train,
    from?.training ?? initialState(settings),
    request.fault ?? null,
  );
  const shape = initialNetwork(settings);
  const probesAt = new Set(request.probesAt);
  const series = [...(from?.series ?? [])];
  let losses = from?.losses ?? { sum: 0, count: 0 };
  let diverged = from?.diverged ?? null;
  let made = 0;
  const read = async (): Promise<ReadRun> => {
    const training = await trainer.state();
    return {
      state: { training, series: [...series], losses, diverged },
      network: withParameters(shape, training.parameters),
    };
  };
  const outcome = async (interrupted: boolean): Promise<TrainingOutcome> => ({ ...(await read()), interrupted, made });
  while (diverged === null) {
    const step = trainer.made();
    if (probesAt.has(step) && series.at(-1)?.step !== step) {
      const row = await probed(request, (await read()).network, trainer, losses);
      if (row === null) return outcome(true);
      series.push(row);
      losses = { sum: 0, count: 0 };
      await request.onState(read, step, row);
    }
    if (step === settings.steps) break;
    await request.pause();
    if (signal?.aborted === true) return outcome(true);
    const result = await trainer.step();
    if (result.kind === "diverged") {
      diverged = { step: result.step, what: result.what };
    } else {
      made++;
      losses = { sum: losses.sum + result.loss, count: losses.count + 1 };
    }
    await request.onState(read, trainer.made(), null);
  }
  return outcome(false);
}

function probed(
  { settings, probing, train, held, probeSet, engines, signal, onSample }: TrainingRequest,
  network: Network,
  trainer: RunTrainer,
  losses: RunState["losses"],
): Promise<SeriesRow | null> {
  const step = trainer.made();
  return probe({
    ...{ network, data: probeSet, settings: probing, engines, signal, onSample },
    place: {
      ...{ seed: settings.seed, step, epoch: step / trainer.stepsPerEpoch },
      learningRate: learningRateAt(settings, step),
      batchLoss: losses.count === 0 ? null : losses.sum / losses.count,
    },
    train: evaluate(network, settings.loss, train),
    held: held === null ? null : evaluate(network, settings.loss, held),
  });
}
