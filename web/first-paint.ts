/** Resolves once the page has been painted, so that nothing large is asked for before; at once where the page is hidden and is not painted. */
export function firstPaint(): Promise<void> {
  return new Promise((resolve) => {
    if (document.visibilityState === "hidden") resolve();
    // A frame's callbacks run before it is painted, a task that they start runs after.
    else requestAnimationFrame(() => setTimeout(resolve));
  });
}
