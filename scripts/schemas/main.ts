/** npm run build:schemas */
import { writeFileSync } from "node:fs";
import { documents } from "./documents.ts";

for (const [path, text] of Object.entries(await documents(process.cwd()))) writeFileSync(path, text);
