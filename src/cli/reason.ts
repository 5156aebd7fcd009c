/** Why a file operation failed, in a person's words. */
export function reason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  // Deno says in words what Node says by code.
  const inWords = /no space left/i.test(cause.message) ? "ENOSPC" : undefined;
  const code = (cause as NodeJS.ErrnoException).code ?? inWords;
  const known: Readonly<Record<string, string>> = {
    ENOENT: "no such file or folder",
    EISDIR: "it is a folder",
    EACCES: "permission denied",
    EPERM: "permission denied",
    EROFS: "read-only file system",
    ENOSPC: "no space left",
    ENOTDIR: "a part of the path is not a folder",
    ENAMETOOLONG: "the name is too long",
    ELOOP: "its symbolic links go in a circle",
    EDQUOT: "no space left in the quota",
    EFBIG: "larger than files may be here",
    EIO: "the disk failed",
  };
  return (code === undefined ? undefined : known[code]) ?? cause.message.split("\n")[0] ?? "unknown";
}
