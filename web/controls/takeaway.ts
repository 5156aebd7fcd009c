/** What a run leaves behind as files: the report, and the rows. */
import type { Client, Interim } from "../../src/worker/client.ts";
import { element, save } from "../dom.ts";
import { put } from "../i18n/language.ts";

export interface Takeaway {
  readonly begin: () => void;
  readonly show: (interim: Interim) => void;
}

export function createTakeaway(client: Client): Takeaway {
  const [report, rows] = [element("report", HTMLButtonElement), element("rows", HTMLButtonElement)];
  const said = element("rows-status", HTMLSpanElement);
  let json = "";
  report.addEventListener("click", () => {
    save("report.json", new Blob([json], { type: "application/json" }));
  });
  rows.addEventListener("click", () => {
    void client.rows().then((file) => {
      if (file === null) put(said, (m) => m.takeaway.tooMany);
      else save("rows.jsonl", file);
    });
  });
  return {
    begin() {
      for (const button of [report, rows]) button.disabled = true;
      put(said, "");
    },
    show(interim) {
      ({ json } = interim);
      for (const button of [report, rows]) button.disabled = false;
    },
  };
}
