/**
 * A device and its pipelines. Every failure of it (lost, out of memory, validation, a shader refused) becomes one DeviceError, kept and
 * thrown at the next check: nothing is logged and gone on from.
 */
import { DeviceError, DeviceLostError } from "../../network/errors.ts";
import type { FaultName } from "../faults.ts";
import { withFault } from "./faults.ts";
import type { Kernel } from "../program/kernels.ts";
import type { StageClock, StageProfile } from "./profile.ts";
import { createClock, TIMESTAMPS } from "./profile.ts";
import type { ShaderReflection } from "./reflection.ts";
import { reflect } from "./reflection.ts";
import { joinShader, type ShaderSources } from "./sources.ts";

export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly reflection: ShaderReflection;
}

export interface AdapterDescription {
  readonly name: string;
  readonly hardware: boolean;
}

export interface OpenDevice {
  readonly device: GPUDevice;
  readonly adapter: AdapterDescription;
  /** Largest buffer, and largest storage binding, in bytes. */
  readonly bufferBytes: number;
  readonly bindingBytes: number;
  /** The planted fault, where one is switched on. */
  readonly fault: FaultName | undefined;
  readonly pipeline: (kernel: Kernel, overrides: Readonly<Record<string, number>>) => Promise<Pipeline>;
  /** Times the stages, where that was asked for. */
  readonly clock: StageClock | null;
  /** Runs one piece of work after another. */
  readonly exclusive: <T>(work: () => Promise<T>) => Promise<T>;
  /** Throws what has failed so far. */
  readonly check: () => void;
  /** What failed, for an error of the device's own: the loss where it is lost, which is told a little later than its calls fail. */
  readonly explain: (error: unknown) => Promise<unknown>;
}

/** Name and kind of an adapter: a software one says so, or is known by name. */
export function describeAdapter(adapter: GPUAdapter): AdapterDescription {
  const info = adapter.info;
  // Some give a sentence, some a vendor and an architecture, some the vendor's number alone.
  const words = [info.vendor, info.architecture].map((s) => s.trim()).filter((s) => s !== "" && !/^\d+$/.test(s));
  const named = [info.description.trim(), words.join(" ")].find((s) => s !== "");
  const name = named ?? "unnamed adapter";
  const software =
    info.isFallbackAdapter ||
    /swiftshader|llvmpipe|lavapipe|software|basic render/i.test(`${name} ${info.architecture}`);
  return { name, hardware: !software };
}

/** Mesa's software adapter has the name of its driver and of its rasteriser. */
const ALIASES: Readonly<Record<string, string>> = { lavapipe: "llvmpipe" };

/** Whether an adapter's name holds these words, in any case. */
export function isNamed({ name }: AdapterDescription, words: string): boolean {
  const wanted = words.toLowerCase();
  return [wanted, ALIASES[wanted] ?? wanted].some((part) => name.toLowerCase().includes(part));
}

/** The adapter of this preference; the first one of that name under each way of asking, else the runtime's own choice. */
async function requestAdapter(gpu: GPU, preference: string): Promise<GPUAdapter | null> {
  switch (preference) {
    case "high-performance":
    case "low-power":
      return gpu.requestAdapter({ powerPreference: preference });
    case "software":
      return (await gpu.requestAdapter({ forceFallbackAdapter: true })) ?? gpu.requestAdapter();
    default: {
      const wishes: GPURequestAdapterOptions[] = [
        {},
        { powerPreference: "high-performance" },
        { powerPreference: "low-power" },
        { forceFallbackAdapter: true },
      ];
      for (const wish of wishes) {
        const adapter = await gpu.requestAdapter(wish);
        if (adapter !== null && isNamed(describeAdapter(adapter), preference)) return adapter;
      }
      return gpu.requestAdapter();
    }
  }
}

/**
 * @param preference high-performance, low-power, software, or part of an adapter's name. @param profile hears the time of every stage.
 * @throws DeviceError
 */
export async function openDevice(
  gpu: GPU,
  preference: string,
  sources: ShaderSources,
  fault: FaultName | undefined,
  profile: StageProfile | null = null,
): Promise<OpenDevice> {
  const adapter = await requestAdapter(gpu, preference);
  if (adapter === null) throw new DeviceError("webgpu: this machine offers no adapter; expected one, or --engine cpu");
  const description = describeAdapter(adapter);
  if (preference === "software" && description.hardware) {
    throw new DeviceError(`webgpu: found the adapter ${description.name}, expected a software one`);
  }
  if (!["high-performance", "low-power", "software"].includes(preference)) {
    if (!isNamed(description, preference)) {
      throw new DeviceError(`webgpu: found the adapter "${description.name}", expected one named "${preference}"`);
    }
  }
  const { maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
  const bindingBytes = Math.min(maxStorageBufferBindingSize, maxBufferSize);
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({
      label: "gradient-penalty-verifier",
      requiredLimits: { maxStorageBufferBindingSize, maxBufferSize },
      requiredFeatures: profile !== null && adapter.features.has(TIMESTAMPS) ? [TIMESTAMPS] : [],
    });
  } catch (cause) {
    throw new DeviceError(`webgpu: ${description.name} gave no device: ${message(cause)}`, { cause });
  }

  let failure: DeviceError | null = null;
  // Says more than whatever a call on the lost device failed with.
  void device.lost.then((info) => {
    const how = info.reason === "destroyed" ? "was destroyed" : `was lost: ${message(info.message)}`;
    failure = new DeviceLostError(`webgpu: the device ${how}`);
  });
  device.addEventListener("uncapturederror", (event) => {
    failure ??= new DeviceError(`webgpu: ${description.name}: ${firstLine(event.error.message)}`);
  });
  const pipelines = new Map<string, Promise<Pipeline>>();
  const make = async (kernel: Kernel, overrides: Readonly<Record<string, number>>): Promise<Pipeline> => {
    const code = withFault(kernel.shader, joinShader(sources, kernel.shader), fault);
    const reflection = reflect(code);
    const module = device.createShaderModule({ label: kernel.name, code });
    const layout = device.createBindGroupLayout({
      label: kernel.name,
      entries: reflection.bindings.map((b) => ({
        binding: b.binding,
        visibility: COMPUTE,
        buffer: { type: b.kind },
      })),
    });
    try {
      const pipeline = await device.createComputePipelineAsync({
        label: kernel.name,
        layout: device.createPipelineLayout({ label: kernel.name, bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: "main", constants: overrides },
      });
      return { pipeline, layout, reflection };
    } catch (cause) {
      throw new DeviceError(await compileError(kernel, code, module, description.name, overrides, cause), { cause });
    }
  };
  let last: Promise<unknown> = Promise.resolve();
  const exclusive = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
  return {
    device,
    exclusive,
    adapter: description,
    bufferBytes: maxBufferSize,
    bindingBytes,
    fault,
    clock: profile === null ? null : createClock(device, profile),
    pipeline: (kernel, overrides) => {
      const key = `${kernel.name} ${JSON.stringify(overrides)}`;
      let known = pipelines.get(key);
      if (known === undefined) {
        known = make(kernel, overrides);
        pipelines.set(key, known);
      }
      return known;
    },
    check: () => {
      if (failure !== null) throw failure;
    },
    explain: async (error) => {
      for (let turn = 0; turn < TURNS && failure === null; turn++) await new Promise((next) => setTimeout(next, 0));
      return failure ?? error;
    },
  };
}

/** Turns of the event loop in which a lost device is waited for. */
const TURNS = 20;

/** GPUShaderStage.COMPUTE: the constant object does not exist in every runtime before a device does. */
const COMPUTE = 4;

/** One line: shader, place, text there, adapter, overrides. */
async function compileError(
  kernel: Kernel,
  code: string,
  module: GPUShaderModule,
  adapter: string,
  overrides: Readonly<Record<string, number>>,
  cause: unknown,
): Promise<string> {
  const info = await module.getCompilationInfo().catch(() => null);
  const first = info?.messages.find((m) => m.type === "error");
  const line =
    first === undefined
      ? ""
      : ` at line ${String(first.lineNum)}, column ${String(first.linePos)}: "${(code.split("\n")[first.lineNum - 1] ?? "").trim()}"`;
  const text = first?.message ?? message(cause);
  return `webgpu: ${kernel.shader} does not compile on ${adapter}${line}: ${firstLine(text)} (overrides ${JSON.stringify(overrides)})`;
}

export function message(cause: unknown): string {
  return firstLine(cause instanceof Error ? cause.message : String(cause));
}

/** The first line with text in it: wgpu begins with an empty one, Dawn with the error's kind alone. */
export function firstLine(text: string): string {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.find((line) => line !== "" && line !== "validation:") ?? "no reason given";
}
