/** One kernel call with everything that it takes to run it elsewhere: the shader as it ran, its bindings, what must come out, what did. */
import type { FaultName } from "../engine/faults.ts";
import type { EngineDescription } from "../engine/engine.ts";
import { withFault, withSizesFault } from "../engine/gpu/faults.ts";
import { dispatchSizes, workgroupsOf } from "../engine/program/kernels.ts";
import { packUniform, reflect } from "../engine/gpu/reflection.ts";
import type { ShaderSources } from "../engine/gpu/sources.ts";
import { joinShader } from "../engine/gpu/sources.ts";
import type { KernelCall, Words } from "./call.ts";
import { kernelOf } from "./call.ts";
import type { Comparison, Expected } from "./expected.ts";
import { compare } from "./expected.ts";
import { expectedOf } from "./oracle.ts";

export interface ReproBuffer {
  readonly name: string;
  readonly type: "f32" | "i32" | "u32";
  readonly access: "read-only-storage" | "storage";
  readonly words: Words;
}

export interface Repro {
  /** The shader's path, and its whole text, a planted fault included. */
  readonly shader: string;
  readonly code: string;
  readonly overrides: Readonly<Record<string, number>>;
  /** The uniform struct: its fields' names with the values that the call means, and its bytes as they were bound, one dispatch each. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly uniforms: readonly Uint32Array<ArrayBuffer>[];
  readonly workgroups: readonly [number, number, number];
  /** Columns of the matrices that come out. */
  readonly columns: number;
  /** Bindings 1 …, before the call. */
  readonly buffers: readonly ReproBuffer[];
  readonly expected: readonly Expected[];
  /** What was found there, by the buffers of `read`. */
  readonly read: readonly number[];
  readonly found: readonly Words[];
  readonly comparison: Comparison;
  readonly plant: FaultName | null;
  readonly engine: EngineDescription;
  /** Where the call comes from, in a sentence or two. */
  readonly story: string;
}

export interface ReproOrigin {
  readonly sources: ShaderSources;
  readonly plant: FaultName | null;
  readonly engine: EngineDescription;
  readonly story: string;
}

/** A call with the answer that a device gave to it. */
export function makeRepro(call: KernelCall, found: readonly Words[], origin: ReproOrigin): Repro {
  const { sources, plant, engine, story } = origin;
  const kernel = kernelOf(call);
  const fault = plant ?? undefined;
  const code = withFault(kernel.shader, joinShader(sources, kernel.shader), fault);
  const reflection = reflect(code);
  const expected = expectedOf(call, null);
  return {
    shader: `shaders/${kernel.shader}`,
    code,
    overrides: call.overrides,
    sizes: call.sizes,
    uniforms: dispatchSizes(kernel, withSizesFault(kernel.name, call.sizes, fault), call.overrides).map(
      (part) => new Uint32Array(packUniform(reflection, part)),
    ),
    columns: resultColumns(call),
    workgroups: workgroupsOf(kernel, call.sizes, reflection.workgroupSize),
    buffers: call.buffers.map((words, i) => {
      const binding = reflection.bindings[i + 1];
      return {
        name: kernel.buffers[i] as string,
        type: words instanceof Float32Array ? "f32" : words instanceof Int32Array ? "i32" : "u32",
        access: binding?.kind === "storage" ? "storage" : "read-only-storage",
        words,
      };
    }),
    expected,
    read: call.read,
    found,
    comparison: compare(expected, call, found),
    plant,
    engine,
    story,
  };
}

/** philox-uniform writes into a matrix `width` wide, normalise into one `pitch` wide, spread into two groups of columns. */
function resultColumns({ kernel, sizes }: KernelCall): number {
  if (kernel === "spread") return 2 * (sizes["columns"] as number);
  return sizes["pitch"] ?? (kernel === "philoxUniform" ? sizes["width"] : sizes["columns"]) ?? 1;
}
