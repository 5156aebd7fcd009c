/**
 * Choosing an adapter, and what it says of itself. Deno invalidates an adapter once its device is made, so everything is read
 * before `requestDevice`.
 */
import { DeviceError } from "../../network/errors.ts";

/** "high-performance", "low-power", "software", or a part of the adapter's name. */
export type AdapterPreference = string;

export interface AdapterFacts {
  /** The adapter's own name. */
  readonly name: string;
  /** True when a hardware GPU computes. */
  readonly hardware: boolean;
  readonly maxStorageBufferBindingSize: number;
  readonly maxBufferSize: number;
}

export interface ChosenAdapter {
  readonly adapter: GPUAdapter;
  readonly facts: AdapterFacts;
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|\bcpu\b/i;

/** Describes an adapter whose device has not been made yet. */
export function adapterFacts(adapter: GPUAdapter): AdapterFacts {
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const parts = [description, device, architecture, vendor].filter((part) => part !== "");
  return {
    name: parts[0] === undefined ? "unnamed adapter" : description !== "" ? description : parts.join(" "),
    hardware: !isFallbackAdapter && !SOFTWARE.test(parts.join(" ")),
    maxStorageBufferBindingSize: adapter.limits.maxStorageBufferBindingSize,
    maxBufferSize: adapter.limits.maxBufferSize,
  };
}

/**
 * The adapter that the preference names; null where there is none like it.
 * @throws DeviceError where the request itself fails.
 */
export async function chooseAdapter(gpu: GPU, preference: AdapterPreference): Promise<ChosenAdapter | null> {
  const tries: GPURequestAdapterOptions[] =
    preference === "high-performance" || preference === "low-power"
      ? [{ powerPreference: preference }]
      : [{ powerPreference: "high-performance" }, { powerPreference: "low-power" }, { forceFallbackAdapter: true }];
  for (const options of tries) {
    let adapter: GPUAdapter | null;
    try {
      adapter = await gpu.requestAdapter(options);
    } catch (cause) {
      throw new DeviceError(`requestAdapter failed: ${cause instanceof Error ? cause.message : String(cause)}`, {
        cause,
      });
    }
    if (adapter === null) continue;
    const facts = adapterFacts(adapter);
    if (preference === "high-performance" || preference === "low-power") return { adapter, facts };
    const wanted =
      preference === "software" ? !facts.hardware : facts.name.toLowerCase().includes(preference.toLowerCase());
    if (wanted) return { adapter, facts };
  }
  return null;
}
