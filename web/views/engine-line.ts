/** Which engine computes, and why; without WebGPU, how to switch it on in this browser. */
import type { EngineReason, Report } from "../../src/worker/client.ts";
import { element } from "../dom.ts";
import type { Messages } from "../i18n/en.ts";
import type { Say } from "../i18n/language.ts";
import { put } from "../i18n/language.ts";

export function showEngine(why: EngineReason, engine: Report["engine"], threads: number | null): void {
  const { kind, precision, runtime } = engine;
  put(element("engine", HTMLParagraphElement), (m) =>
    [
      whyText(why)(m),
      m.engine.facts(kind, precision, runtime),
      ...(kind === "cpu" && threads !== null ? [m.engine.threads(threads)] : []),
    ].join(" "),
  );
  const hint = element("webgpu-hint", HTMLParagraphElement);
  const isMissing = why.kind === "no-webgpu" || why.kind === "no-adapter" || why.kind === "unusable";
  hint.hidden = !isMissing;
  if (isMissing) put(hint, (m) => m.hint[hintFor(navigator.userAgent, isSecureContext)]);
}

/** What helps in this browser. */
export function hintFor(userAgent: string, isSecure: boolean): keyof Messages["hint"] {
  if (!isSecure) return "insecure";
  // Edge and Chrome both say "Chrome", Chrome says "Safari" too; browsers on iOS are Safari within.
  if (/iPhone|iPad/.test(userAgent)) return "safariPhone";
  if (/Edg\//.test(userAgent)) return "edge";
  if (/Firefox\//.test(userAgent)) return "firefox";
  if (/Chrom(e|ium)\//.test(userAgent))
    return /Linux/.test(userAgent) && !/Android/.test(userAgent) ? "chromeLinux" : "chrome";
  if (/Safari\//.test(userAgent)) return "safari";
  return "other";
}

function whyText(why: EngineReason): Say {
  return ({ engine: m }) => {
    switch (why.kind) {
      case "asked":
        return m.asked;
      case "webgpu":
        return why.hardware ? m.hardware(why.adapter) : m.software(why.adapter);
      case "no-webgpu":
        return m.noWebGpu;
      case "no-adapter":
        return m.noAdapter;
      case "unusable":
        return m.unusable(why.message);
    }
  };
}
