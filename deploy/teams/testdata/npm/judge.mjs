// Reads a manifest and writes what Microsoft's schema of its version has against it, as a JSON list.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import AjvModule from 'ajv-draft-04';
import formats from 'ajv-formats';

const manifest = JSON.parse(readFileSync(0, 'utf8'));
const at = new URL(`./node_modules/@microsoft/app-manifest/build/json-schemas/teams/v${manifest.manifestVersion}/MicrosoftTeams.schema.json`, import.meta.url);
const ajv = new (AjvModule.default ?? AjvModule)({ strict: false, allErrors: true });
(formats.default ?? formats)(ajv);
const valid = ajv.compile(JSON.parse(readFileSync(fileURLToPath(at), 'utf8')));
console.log(JSON.stringify(valid(manifest) ? [] : valid.errors.map((e) => `${e.instancePath} ${e.message}`)));
