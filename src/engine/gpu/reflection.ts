/** What a shader says of itself, by wgsl_reflect: bindings, the uniform struct's layout, overrides, the workgroup's size. */
import { ResourceType, WgslReflect } from "wgsl_reflect/wgsl_reflect.module.js";

export interface Binding {
  readonly name: string;
  readonly binding: number;
  readonly kind: "uniform" | "read-only-storage" | "storage";
  /** Bytes of one element of a storage array; the struct's size for the uniform. */
  readonly elementBytes: number;
}

export interface UniformField {
  readonly name: string;
  readonly offset: number;
  readonly type: string;
}

export interface ShaderReflection {
  readonly bindings: readonly Binding[];
  readonly uniformFields: readonly UniformField[];
  readonly uniformBytes: number;
  readonly overrides: readonly string[];
  readonly workgroupSize: number;
}

/** Group 0 of a shader with one entry point `main`, whose binding 0 is the uniform struct of sizes. */
export function reflect(code: string): ShaderReflection {
  const info = new WgslReflect(code);
  const bindings = (info.getBindGroups()[0] ?? []).map((variable): Binding => {
    const uniform = variable.resourceType === ResourceType.Uniform;
    const kind = uniform ? "uniform" : variable.access === "read_write" ? "storage" : "read-only-storage";
    return {
      name: variable.name,
      binding: variable.binding,
      kind,
      elementBytes: uniform ? variable.size : variable.stride,
    };
  });
  const uniform = info.uniforms[0];
  const entry = info.entry.compute[0];
  return {
    bindings,
    uniformFields: (uniform?.members ?? []).map((m) => ({ name: m.name, offset: m.offset, type: m.type.name })),
    uniformBytes: 16 * Math.ceil((uniform?.size ?? 0) / 16),
    overrides: info.overrides.map((o) => o.name),
    workgroupSize: entry?.workgroupSize?.[0] ?? 0,
  };
}

/** The uniform struct's bytes from values by name; every field must be given, and nothing else. */
export function packUniform(reflection: ShaderReflection, values: Readonly<Record<string, number>>): ArrayBuffer {
  const buffer = new ArrayBuffer(reflection.uniformBytes);
  const view = new DataView(buffer);
  for (const field of reflection.uniformFields) {
    const value = values[field.name];
    if (value === undefined) throw new RangeError(`uniform field ${field.name} was not given`);
    if (field.type !== "u32") throw new RangeError(`uniform field ${field.name} is ${field.type}, expected u32`);
    view.setUint32(field.offset, value, true);
  }
  for (const name of Object.keys(values)) {
    if (!reflection.uniformFields.some((f) => f.name === name)) throw new RangeError(`the shader has no field ${name}`);
  }
  return buffer;
}
