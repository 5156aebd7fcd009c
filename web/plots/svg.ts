/** Small helpers for SVG, and a drawing as a file of its own. */
export const SVG = "http://www.w3.org/2000/svg";

export function draw<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Readonly<Record<string, string | number>> = {},
  ...children: (Node | string)[]
): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, typeof value === "number" ? String(Math.round(100 * value) / 100) : value);
  }
  made.append(...children);
  return made;
}

/** What a stylesheet may have said of a shape. */
const STYLED = [
  "fill",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "paint-order",
  "opacity",
  "font-size",
  "text-anchor",
] as const;

/**
 * The drawing as a file that needs no stylesheet: the colours that it has now, on the page's background.
 * @param above shapes that stand in another layer of the page (a canvas), in the drawing's coordinates.
 */
export function svgFile(drawing: SVGSVGElement, title: string, above: readonly SVGElement[] = []): string {
  const copy = drawing.cloneNode(true) as SVGSVGElement;
  const [from, to] = [drawing, copy].map((svg) => [...svg.querySelectorAll("*")]) as [Element[], Element[]];
  from.forEach((original, i) => {
    const style = getComputedStyle(original);
    for (const property of STYLED) {
      const value = style.getPropertyValue(property);
      if (value !== "") to[i]?.setAttribute(property, value);
    }
    to[i]?.removeAttribute("class");
  });
  const { width, height } = drawing.getBoundingClientRect();
  copy.setAttribute("xmlns", SVG);
  copy.setAttribute("width", String(Math.round(width)));
  copy.setAttribute("height", String(Math.round(height)));
  if (!copy.hasAttribute("viewBox")) copy.setAttribute("viewBox", `0 0 ${String(width)} ${String(height)}`);
  copy.setAttribute("font-family", "system-ui, sans-serif");
  copy.removeAttribute("class");
  const paper = getComputedStyle(document.body).backgroundColor;
  copy.prepend(draw("title", {}, title), draw("rect", { width: "100%", height: "100%", fill: paper }));
  copy.append(...above);
  return new XMLSerializer().serializeToString(copy);
}
