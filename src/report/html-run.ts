/** Report → one HTML page that stands alone: no script, no request, nothing but this text. A pure function. */
import type { Report, ReportedFault } from "../records/report.ts";
import { parameterCount } from "../network/network.ts";
import type { Markup } from "./html-markup.ts";
import { html, page, section, table } from "./html-markup.ts";
import {
  alarms,
  computation,
  footer,
  inequality,
  LAYER_HEAD,
  LAYER_NOTE,
  layerCells,
  layerPlots,
  measurements,
  verdicts,
} from "./html-parts.ts";
import { withoutBias } from "./model-words.ts";
import { counted, grouped, precise, significant } from "./numbers.ts";

export function htmlReport(report: Report): string {
  const { model, run } = report;
  const first = model.layers[0];
  const widths = [...(first === undefined ? [] : [first.inputs]), ...model.layers.map((layer) => layer.outputs)];
  const parameters = parameterCount(model.layers);
  const bare = withoutBias(model.layers);
  const inputs = run.settings["inputs"];
  const from = typeof inputs === "string" ? ` of ${inputs}` : "";
  return page(
    `Gradient penalties: ${model.source}`,
    html`<h1>Gradient penalties of ${model.source}</h1>
      <p class="quiet">
        ${widths.join("-")}, ${counted(parameters, "parameter")}; ${counted(report.samples, "sample")}${from}; f:
        ${report.head}
      </p>
      ${modelNotes(model.notes ?? [])} ${alarms(report)} ${inequality(report.norm)}
      ${bare === null ? null : html`<p class="quiet">${bare}</p>`} ${verdicts(report)} ${faults(report.faults)}
      ${measurements(report)} ${layers(report)} ${computation(report)} ${footer()}`,
  );
}

/** What was taken for granted of the model's file. */
function modelNotes(notes: readonly string[]): Markup | null {
  return notes.length === 0 ? null : html`<p class="quiet">Of the model's file: ${notes.join("; ")}.</p>`;
}

function faults(list: readonly ReportedFault[]): Markup | null {
  if (list.length === 0) return null;
  return section(
    "What failed",
    table(
      "Each check that failed at a layer, in how many samples, and the first of them",
      ["check", "layer", "samples", "first sample", "left", "right", "apart", "rounding explains", "in words"],
      list.map(({ check, layer, count, example }) => [
        check,
        layer > 0 ? String(layer) : "whole",
        grouped(count),
        example === undefined ? "–" : String(example.index),
        precise(example?.left ?? null),
        precise(example?.right ?? null),
        significant(example?.margin ?? null),
        significant(example?.bound ?? null),
        example?.reason ?? "",
      ]),
      [8],
    ),
    html`<p class="quiet">
      <code>gpv verify … --witnesses DIR</code> keeps such samples with all that their verdicts were made of;
      <code>gpv replay</code> examines them again.
    </p>`,
  );
}

function layers({ layers: list, model }: Report): Markup | null {
  if (list.length === 0) return null;
  const isNamed = model.layers.some(({ tensor }) => tensor !== undefined);
  return section(
    "Which layer",
    layerPlots(list),
    table(
      "Tightness by layer, and its parts",
      ["layer", ...(isNamed ? ["tensor"] : []), "shape", "activation", "‖W‖", ...LAYER_HEAD],
      list.map((layer, i) => {
        const shape = model.layers[i];
        return [
          String(layer.layer),
          ...(isNamed ? [shape?.tensor ?? ""] : []),
          shape === undefined ? "" : `${String(shape.outputs)}×${String(shape.inputs)}`,
          shape?.activation ?? "",
          significant(shape?.weightNorm.upper ?? null),
          ...layerCells(layer),
        ];
      }),
    ),
    LAYER_NOTE,
  );
}
