// Makes schemas/ and the tables of docs/rows.md from the field lists in src/: npm run build:schemas
import { runBundled } from "./bundled.js";

process.exitCode = await runBundled("scripts/schemas/main.ts");
