/**
 * A repro as a page of its own, for a vendor: one kernel, its buffers, what must come out and what did, and a script that runs the call on
 * the reader's own WebGPU. It asks nothing of any server (its own policy forbids it) and works from a file. Everything that is not this
 * file's own text is escaped; the data stand in an element that no parser runs.
 */
import type { Expected } from "../conformance/expected.ts";
import type { Repro } from "../conformance/repro.ts";
import { escaped } from "./html-markup.ts";
import { grouped } from "./numbers.ts";
import type { ReproData } from "./repro-run.ts";
import { runRepro } from "./repro-run.ts";

/** Numbers that the page shows, the worst first; its script compares them all. */
const MOST_ROWS = 48;

/** Words of a buffer that are shown; all of them are in the data. */
const MOST_WORDS = 256;

interface Row {
  readonly id: string;
  readonly quantity: string;
  readonly place: string;
  readonly expected: number;
  readonly bound: number;
  readonly found: number;
  readonly share: number;
}

export async function reproPage(
  repro: Repro,
  tool: { readonly name: string; readonly version: string },
): Promise<string> {
  const script = `(${runRepro.toString()})(document, navigator.gpu);`;
  const rows = rowsOf(repro);
  const beyond = rows.filter((row) => !(row.share <= 1)).length;
  const { engine, shader, plant, sizes, overrides, workgroups, comparison } = repro;
  const kernel = shader.replace(/^.*\/|\.wgsl$/g, "");
  const fields = (record: Readonly<Record<string, number>>): string =>
    Object.entries(record)
      .map(([name, value]) => `${name} = ${String(value)}`)
      .join(", ") || "none";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${await digest(script)}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(kernel)}: wrong numbers on ${escaped(engine.adapter)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>One WebGPU kernel that gives wrong numbers</h1>
<p>On <b>${escaped(engine.adapter)}</b> (${engine.hardware ? "hardware" : "software"}), ${escaped(engine.runtime)}, the kernel <code>${escaped(kernel)}</code>, called once as below,
gave ${grouped(beyond)} of ${grouped(comparison.compared)} numbers further from the right ones than rounding in f32 explains.</p>
<p>${escaped(repro.story)}</p>
${plant === null ? "" : `<p class="notice">A fault was planted on purpose: “${escaped(plant)}”. The call below has it in it, so that every correct adapter shows the deviation.</p>\n`}<p class="verdict" id="here" role="status">To run the call here, this page needs JavaScript.</p>
<p><button id="again" type="button">Run it again</button></p>

<h2>Expected and found</h2>
<p>Expected: f64 on a host. The bound covers any order of summation, fused or not, and flushed subnormal numbers, with u = 2<sup>−23</sup>.
${rows.length > MOST_ROWS ? `The worst ${grouped(MOST_ROWS)} of ${grouped(rows.length)} numbers; the script compares all.` : "All numbers."}</p>
<div class="wide" tabindex="0" role="region" aria-label="Expected and found">
<table>
<thead><tr><th>quantity</th><th>place</th><th class="n">expected</th><th class="n">± bound</th><th class="n">found there</th><th class="n">off/bound</th><th class="n">found here</th></tr></thead>
<tbody>
${rows.slice(0, MOST_ROWS).map(rowHtml).join("\n")}
</tbody>
</table>
</div>

<h2>The call</h2>
<dl>
<dt>Shader</dt><dd><code>${escaped(shader)}</code>, entry point <code>main</code></dd>
<dt>Overrides</dt><dd>${escaped(fields(overrides))}</dd>
<dt>Uniform (binding 0)</dt><dd>${escaped(fields(sizes))}; as bound, u32: ${repro.uniforms.map((words) => `<code>${Array.from(words).join(" ")}</code>`).join(", then ")}</dd>
<dt>Workgroups</dt><dd>${workgroups.join(" × ")}</dd>
${repro.buffers.map(bufferHtml).join("\n")}
</dl>

<h2>The shader as it ran</h2>
<div class="wide" tabindex="0" role="region" aria-label="The shader as it ran">
<pre id="shader">
${escaped(repro.code)}</pre>
</div>
<footer><p>Made by ${escaped(tool.name)} ${escaped(tool.version)}. This page loads nothing and sends nothing.</p></footer>
</main>
<script type="application/json" id="data">${json(dataOf(repro))}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** Every number that is held against a bound, the worst first. */
function rowsOf({ expected, read, found, columns }: Repro): Row[] {
  const rows = expected.flatMap((own, k) => {
    const words = typed(found[read.indexOf(own.buffer)] as Uint32Array<ArrayBuffer>, own.type);
    return Array.from(own.values, (value, i): Row => {
      const at = words[own.offset + own.stride * i] as number;
      const bound = own.bounds[i] as number;
      const off = Number.isNaN(value) ? (Number.isFinite(at) ? Infinity : 0) : Math.abs(at - value);
      return {
        id: `v${String(k)}-${String(i)}`,
        quantity: own.quantity,
        place:
          own.stride === 1
            ? `row ${String(Math.floor(i / columns))}, column ${String(i % columns)}`
            : `column ${String(i)}`,
        expected: value,
        bound,
        found: at,
        share: off === 0 ? 0 : bound > 0 && Number.isFinite(off) ? off / bound : Infinity,
      };
    });
  });
  return rows.filter((row) => row.bound !== Infinity).sort((a, b) => b.share - a.share);
}

function typed(words: Repro["found"][number], type: Expected["type"]): Float32Array | Int32Array | Uint32Array {
  const { buffer, byteOffset, length } = words;
  if (type === "f32") return new Float32Array(buffer, byteOffset, length);
  return type === "i32" ? new Int32Array(buffer, byteOffset, length) : new Uint32Array(buffer, byteOffset, length);
}

/** Nine significant digits tell any two numbers of f32 apart. */
const digits = (x: number): string => escaped(String(Number(x.toPrecision(9))));

function rowHtml(row: Row): string {
  const cell = (text: string, more = "", id = ""): string =>
    `<td class="n${more}"${id === "" ? "" : ` id="${id}"`}>${text}</td>`;
  return [
    `<tr><td>${escaped(row.quantity)}</td><td>${escaped(row.place)}</td>`,
    cell(Number.isNaN(row.expected) ? "not finite" : escaped(String(Number(row.expected.toPrecision(12))))),
    cell(row.bound.toExponential(2)),
    cell(digits(row.found), row.share <= 1 ? "" : " wrong"),
    cell(Number.isFinite(row.share) ? row.share.toPrecision(3) : "∞"),
    `${cell("", " here", row.id)}</tr>`,
  ].join("");
}

function bufferHtml({ name, type, access, words }: Repro["buffers"][number], i: number): string {
  const shown = Array.from(words.subarray(0, MOST_WORDS), String).join(" ");
  const rest =
    words.length > MOST_WORDS ? ` … and ${grouped(words.length - MOST_WORDS)} more (in the page's data)` : "";
  const kind = access === "storage" ? "read and written; before the call" : "read";
  return `<dt>Binding ${String(i + 1)}: ${escaped(name)}</dt><dd>${grouped(words.length)} × ${type}, ${kind}<br><code class="words" tabindex="0">${escaped(shown)}${rest}</code></dd>`;
}

function dataOf(repro: Repro): ReproData {
  const finite = (x: number): number | null => (Number.isFinite(x) ? x : null);
  return {
    label: repro.shader,
    overrides: repro.overrides,
    workgroups: repro.workgroups,
    uniforms: repro.uniforms.map(base64),
    bindings: [
      { kind: "uniform", words: base64(repro.uniforms[0] ?? new Uint32Array(4)) },
      ...repro.buffers.map(({ access, words }) => ({ kind: access, words: base64(words) })),
    ],
    expected: repro.expected.map(({ buffer, offset, stride, type, values, bounds }) => ({
      ...{ binding: buffer + 1, offset, stride, type },
      values: Array.from(values, finite),
      bounds: Array.from(bounds, finite),
    })),
  };
}

const CHUNK = 0x8000;

function base64(words: Repro["found"][number]): string {
  const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  let text = "";
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(text);
}

async function digest(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...bytes));
}

/** JSON that no HTML parser takes for an end of its element. */
function json(value: unknown): string {
  return JSON.stringify(value).replace(/</g, "\\u003c");
}

const STYLE = `
:root{color-scheme:light dark;--ink:light-dark(#1c2330,#e6e9ef);--quiet:light-dark(#5a6474,#a0a9b8);--paper:light-dark(#fbfbf9,#14181f);
--card:light-dark(#fff,#1d232d);--line:light-dark(#dcdfe5,#333b48);--good:light-dark(#1b6e4b,#6fd3a4);--bad:light-dark(#a8261c,#ff9a8f);--note:light-dark(#8a5a00,#f0c067)}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
main{max-width:66rem;margin:0 auto;padding:2rem 1.25rem 3rem}
h1{margin:0 0 .5rem;font-size:1.6rem;line-height:1.25}
h2{margin:2rem 0 .5rem;font-size:1.1rem}
p{max-width:46rem;overflow-wrap:anywhere}
code,pre,td{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.85rem}
.verdict{padding:.75rem 1rem;background:var(--card);border:1px solid var(--line);border-left:4px solid var(--quiet);border-radius:6px;font-weight:600}
[data-verdict=deviates] .verdict,[data-verdict=failed] .verdict{border-left-color:var(--bad);color:var(--bad)}
[data-verdict=agrees] .verdict{border-left-color:var(--good);color:var(--good)}
.notice{color:var(--note)}
button{font:inherit;padding:.3rem .9rem;color:inherit;background:var(--card);border:1px solid var(--quiet);border-radius:6px;cursor:pointer}
:focus-visible{outline:2px solid var(--ink);outline-offset:2px}
.wide{overflow:auto;max-height:34rem;background:var(--card);border:1px solid var(--line);border-radius:6px}
table{border-collapse:collapse;width:100%}
th,td{padding:.2rem .7rem;text-align:left;white-space:nowrap}
th{position:sticky;top:0;background:var(--card);border-bottom:1px solid var(--line);font-size:.85rem;color:var(--quiet)}
.n{text-align:right;font-variant-numeric:tabular-nums}
.wrong,.beyond .here{color:var(--bad);font-weight:600}
dt{margin-top:.6rem;font-weight:600}
dd{margin:0;overflow-wrap:anywhere}
.words{display:block;max-height:6rem;overflow:auto;color:var(--quiet)}
pre{margin:0;padding:.75rem 1rem}
footer{margin-top:2rem;color:var(--quiet);font-size:.9rem}
@media print{.wide,.words{max-height:none;overflow:visible}button{display:none}}
`;
