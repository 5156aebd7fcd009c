/** Name and version, as package.json has them (a test compares). */
export const TOOL = { name: "gradient-penalty-verifier", version: "0.1.0" } as const;
