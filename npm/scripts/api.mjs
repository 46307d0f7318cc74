// Compares the package's types with the reports in api/, so that a change of the API shows in a review; with --update
// it writes the reports.
import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";

const root = new URL("..", import.meta.url);
const path = (name) => fileURLToPath(new URL(name, root));
const update = process.argv.includes("--update");

if (!existsSync(path("dist/index.d.ts"))) {
  console.error("npm/dist/ is empty: build the package first, with `npm run build`.");
  process.exit(1);
}
mkdirSync(path("api"), { recursive: true });
for (const entry of ["index", "compat"]) report(entry);

function report(entry) {
  const config = ExtractorConfig.prepare({
    configObjectFullPath: path("api/api-extractor.json"),
    packageJsonFullPath: path("package.json"),
    configObject: {
      projectFolder: path("."),
      mainEntryPointFilePath: path(`dist/${entry}.d.ts`),
      compiler: { tsconfigFilePath: path("tsconfig.build.json") },
      apiReport: {
        enabled: true,
        reportFolder: path("api/"),
        reportTempFolder: path("../target/api/"),
        reportFileName: `${entry}.api.md`,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: "lf",
      messages: {
        // Everything exported is public: there are no previews to tell apart.
        extractorMessageReporting: { "ae-missing-release-tag": { logLevel: ExtractorLogLevel.None } },
      },
    },
  });
  const { succeeded, apiReportChanged } = Extractor.invoke(config, { localBuild: update, showVerboseMessages: false });
  if (apiReportChanged && !update) console.error(`api/${entry}.api.md differs: run \`npm run api:update\` and review it.`);
  if (!succeeded || (apiReportChanged && !update)) process.exitCode = 1;
}
