/** The page's address: every setting stands in it, so that a link opens the same run. */

/** Sets what is given and takes away what is null; the other settings stay. */
export function toAddress(settings: Readonly<Record<string, string | null>>): void {
  const address = new URL(location.href);
  for (const [name, value] of Object.entries(settings)) {
    if (value === null) address.searchParams.delete(name);
    else address.searchParams.set(name, value);
  }
  history.replaceState(null, "", address);
}

export function ofAddress(name: string): string | null {
  return new URL(location.href).searchParams.get(name);
}
