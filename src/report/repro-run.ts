/**
 * The script of a repro page (repro-page.ts): runs the page's kernel call on its reader's own WebGPU and fills in what it finds. Its text
 * goes into the page as it stands, so it uses nothing but its two arguments and what every browser has; what it writes is text, never markup.
 */

/** What the page's element "data" holds. Numbers that are not finite are null. */
export interface ReproData {
  readonly label: string;
  readonly overrides: Readonly<Record<string, number>>;
  readonly workgroups: readonly [number, number, number];
  /** What binding 0 holds in each dispatch of the call. */
  readonly uniforms: readonly string[];
  /** Bindings 0 …: the uniform first. Words in base64, little-endian. */
  readonly bindings: readonly { readonly kind: "uniform" | "read-only-storage" | "storage"; readonly words: string }[];
  readonly expected: readonly {
    /** Of `bindings`. */
    readonly binding: number;
    readonly offset: number;
    readonly stride: number;
    readonly type: "f32" | "i32" | "u32";
    /** null: anything that is not finite. */
    readonly values: readonly (number | null)[];
    /** null: nothing is promised. */
    readonly bounds: readonly (number | null)[];
  }[];
}

export async function runRepro(page: Document, gpu: GPU | undefined): Promise<void> {
  const element = (id: string): HTMLElement => page.getElementById(id) as HTMLElement;
  const say = (verdict: string, text: string): void => {
    page.documentElement.dataset["verdict"] = verdict;
    element("here").textContent = text;
  };
  const data = JSON.parse(element("data").textContent) as ReproData;
  const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

  const run = async (): Promise<void> => {
    if (gpu === undefined) {
      say("none", "This browser offers no WebGPU here, so the call cannot be run. What is above stands.");
      return;
    }
    say("running", "Running …");
    const adapter = await gpu.requestAdapter();
    if (adapter === null) {
      say("none", "This browser offers WebGPU, but no adapter, so the call cannot be run.");
      return;
    }
    const { vendor, architecture, description } = adapter.info;
    const device = await adapter.requestDevice();
    const failures: string[] = [];
    device.addEventListener("uncapturederror", (event) => failures.push(event.error.message));
    const usage = { copyFrom: 4, copyTo: 8, uniform: 64, storage: 128, mapRead: 1 };
    const bufferOf = (kind: string, words: string): { buffer: GPUBuffer; size: number } => {
      const bytes = bytesOf(words);
      const buffer = device.createBuffer({
        size: Math.max(16, bytes.length),
        usage: usage.copyFrom + usage.copyTo + (kind === "uniform" ? usage.uniform : usage.storage),
      });
      device.queue.writeBuffer(buffer, 0, bytes);
      return { buffer, size: bytes.length };
    };
    const buffers = data.bindings.map(({ kind, words }) => bufferOf(kind, words));
    const layout = device.createBindGroupLayout({
      entries: data.bindings.map(({ kind }, binding) => ({ binding, visibility: 4, buffer: { type: kind } })),
    });
    const pipeline = await device.createComputePipelineAsync({
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: {
        module: device.createShaderModule({ label: data.label, code: element("shader").textContent }),
        entryPoint: "main",
        constants: data.overrides,
      },
    });
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    for (const words of data.uniforms) {
      const bound = [bufferOf("uniform", words), ...buffers.slice(1)];
      const entries = bound.map(({ buffer }, binding) => ({ binding, resource: { buffer } }));
      pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
      pass.dispatchWorkgroups(data.workgroups[0], data.workgroups[1], data.workgroups[2]);
    }
    pass.end();
    const copies = buffers.map(({ buffer, size }) => {
      const copy = device.createBuffer({ size: Math.max(16, size), usage: usage.mapRead + usage.copyTo });
      encoder.copyBufferToBuffer(buffer, 0, copy, 0, size);
      return copy;
    });
    device.queue.submit([encoder.finish()]);
    const read = await Promise.all(
      copies.map(async (copy) => {
        await copy.mapAsync(1);
        return copy.getMappedRange().slice(0);
      }),
    );
    device.destroy();
    if (failures.length > 0) throw new Error(failures[0]);

    let compared = 0;
    let beyond = 0;
    let worst = 0;
    data.expected.forEach(({ binding, offset, stride, type, values, bounds }, k) => {
      const bytes = read[binding] as ArrayBuffer;
      const words =
        type === "f32" ? new Float32Array(bytes) : type === "i32" ? new Int32Array(bytes) : new Uint32Array(bytes);
      values.forEach((value, i) => {
        const found = words[offset + stride * i] as number;
        const cell = page.getElementById(`v${String(k)}-${String(i)}`);
        if (cell !== null) cell.textContent = String(Number(found.toPrecision(9)));
        const bound = bounds[i];
        if (bound === null || bound === undefined) return;
        compared++;
        const off = value === null ? 0 : Math.abs(found - value);
        const right = value === null ? !Number.isFinite(found) : off <= bound;
        if (!right) beyond++;
        worst = Math.max(worst, right && bound > 0 ? off / bound : right ? 0 : bound > 0 ? off / bound : Infinity);
        cell?.parentElement?.classList.toggle("beyond", !right);
      });
    });
    const name = description || [vendor, architecture].filter((s) => s !== "").join(" ") || "an unnamed adapter";
    const share = `${worst.toPrecision(3)} times its bound`;
    if (beyond === 0) {
      say(
        "agrees",
        `On ${name} no deviation: all ${String(compared)} numbers are within their bounds (worst ${share}).`,
      );
    } else {
      say(
        "deviates",
        `DEVIATES on ${name}: ${String(beyond)} of ${String(compared)} numbers are beyond their bounds (worst ${share}).`,
      );
    }
  };
  const guarded = (): Promise<void> =>
    run().catch((error: unknown) => {
      say("failed", `The call could not be run: ${error instanceof Error ? error.message : String(error)}`);
    });
  element("again").addEventListener("click", () => void guarded());
  await guarded();
}
