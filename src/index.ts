/**
 * The public library: network and inputs → verify → report. See README.md and examples/.
 *
 * Node and Deno programs and pages use the same names; nothing here touches files, the clock or the process. On files: node.ts.
 */
export { createCpuEngine } from "./engine/cpu/engine.ts";
export type { CpuEngine } from "./engine/cpu/engine.ts";
export type { Engine } from "./engine/engine.ts";
export { createGpuEngine } from "./engine/gpu/engine.ts";
export type { EnginePair } from "./engine/pair.ts";
export { openRows, readMatrix, readModel } from "./formats/read.ts";
export type { Matrix, RowSource } from "./formats/read.ts";
export type { Inputs, Labels } from "./library/inputs.ts";
export { verify } from "./library/verify.ts";
export type { Question } from "./library/verify.ts";
export type { VerifyOutcome } from "./pipeline/verify.ts";
export { DeviceError, FormatError, ModelError, UsageError } from "./network/errors.ts";
export type { Head } from "./network/heads.ts";
export type { Network } from "./network/network.ts";
export { consoleReport } from "./report/console.ts";
export { reportJson } from "./report/json.ts";
export type { Report } from "./records/report.ts";
export type { SampleRow } from "./records/sample.ts";
export { fillInputs } from "./sampling/inputs.ts";
export { randomNetwork } from "./sampling/random-network.ts";
