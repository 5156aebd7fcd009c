/** The planted-fault switch: pick one, see that the inequality alone passes it and which checks name which layer. */
import type { Interim, Offer, OfferedFault } from "../../src/worker/client.ts";
import { element } from "../dom.ts";
import type { Say } from "../i18n/language.ts";
import { grouped, put } from "../i18n/language.ts";
import { checkName } from "../views/tables.ts";
import { ofAddress, toAddress } from "./address.ts";

export interface Faults {
  /** Offers the faults that the engine can have. */
  readonly fill: (offer: Offer, engine: "webgpu" | "cpu") => void;
  readonly planted: () => OfferedFault["name"] | null;
  readonly show: (interim: Interim | null) => void;
}

/** @param run is called after each change. */
export function createFaults(run: () => void): Faults {
  const select = element("fault", HTMLSelectElement);
  const finding = element("finding", HTMLParagraphElement);
  let filledFor: string | null = null;
  select.addEventListener("change", () => {
    toAddress({ plant: select.value === "" ? null : select.value });
    run();
  });
  return {
    fill({ faults }, engine) {
      select.disabled = false;
      if (filledFor === engine) return;
      filledFor = engine;
      const wish = ofAddress("plant");
      while (select.options.length > 1) select.remove(1);
      for (const { name, changes, engines } of faults) {
        if (!engines.includes(engine)) continue;
        select.add(new Option(`${name}: ${changes}`, name, name === wish, name === wish));
      }
      if (select.value === "") toAddress({ plant: null });
    },
    planted: () => (select.value === "" ? null : (select.value as OfferedFault["name"])),
    show(interim) {
      put(finding, interim === null || select.value === "" ? "" : faultFinding(interim));
    },
  };
}

/** What the inequality alone makes of the fault, and which of the checks name which layer. */
function faultFinding({ report, passing }: Interim): Say {
  const named = report.faults.slice(0, 6);
  return ({ fault: m, check: names }) =>
    [
      m.alone(grouped(passing), grouped(report.samples)),
      m.caught(grouped(report.verdicts.violated)),
      ...(named.length === 0
        ? []
        : [m.named(named.map(({ check, layer, count }) => m.place(checkName(names, check), layer, grouped(count))))]),
    ].join(" ");
}
