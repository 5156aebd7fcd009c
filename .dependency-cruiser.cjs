/** The house's import direction: an arrow goes only downward in this list, never back. */
const ORDER = [
  "network",
  "formats",
  "sampling",
  "records",
  "engine",
  "verification",
  "pipeline",
  "exact",
  "witness",
  "conformance",
  "sweep",
  "training",
  "worker",
];

/** What each room may import besides itself. */
const allowed = {
  network: [],
  formats: ["network"],
  sampling: ["network"],
  records: ["network", "sampling"],
  engine: ["network", "sampling"],
  verification: ["network", "sampling", "records", "engine", "exact"],
  pipeline: ["network", "sampling", "records", "engine", "verification", "exact"],
  exact: ["network"],
  witness: ["network", "formats", "records", "engine", "verification", "pipeline", "exact"],
  conformance: ["network", "sampling", "records", "engine", "verification", "pipeline", "witness"],
  report: ["network", "records", "pipeline", "conformance", "sweep"],
  sweep: ["network", "sampling", "records", "engine", "verification", "pipeline", "exact", "witness"],
  training: ["network", "formats", "sampling", "records", "engine", "pipeline"],
  reference: ["network"],
  library: ["network", "formats", "sampling", "records", "engine", "verification", "pipeline"],
  worker: ["network", "formats", "sampling", "records", "engine", "verification", "pipeline", "witness", "report"],
};

module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true, dependencyTypesNot: ["type-only"] } },
    ...Object.entries(allowed).map(([room, rooms]) => ({
      name: `${room}-imports-downward`,
      severity: "error",
      from: { path: `^src/${room}/` },
      to: { path: "^src/", pathNot: `^src/(${[room, ...rooms].join("|")})/` },
    })),
    {
      name: "report-imports-types-only",
      severity: "error",
      from: { path: "^src/report/" },
      to: {
        path: "^src/",
        pathNot: "^src/(report|records|network)/",
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "the-oracle-stays-a-stranger",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/reference/" },
      to: { path: "^src/reference/" },
    },
    {
      name: "the-audit-owes-nothing-to-what-it-audits",
      severity: "error",
      from: { path: "^src/verification/audit/" },
      to: { path: "^src/(engine|network)/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "web-talks-to-the-worker-only",
      severity: "error",
      from: { path: "^web/" },
      to: { path: "^src/", pathNot: "^src/(worker|report)/" },
    },
    {
      name: "nothing-imports-the-command-line",
      severity: "error",
      from: { path: `^src/(${[...ORDER, "report", "library"].join("|")})/` },
      to: { path: "^src/cli/" },
    },
    { name: "no-unresolved", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    exclude: { path: "^web/dist/" },
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
