// Checks blocks and views against Slack's own types.
//
//   node typecheck.mjs DIR
//
// Every DIR/*.json is an array of blocks, a modal or a home tab. It is written
// as a typed literal and compiled; the exit code is that of the compiler, and 2
// if there is nothing to check.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const input = process.argv[2];
const names = readdirSync(input).filter((name) => name.endsWith('.json')).sort();
if (names.length === 0) {
  console.error(`${input} has no .json files: write the blocks there first`);
  process.exit(2);
}

const typeOf = (value) => {
  if (Array.isArray(value)) return 'KnownBlock[]';
  return value.type === 'home' ? 'HomeView' : 'ModalView';
};

const out = mkdtempSync(join(here, 'check-'));
let status = 1;
try {
  for (const name of names) {
    const value = JSON.parse(readFileSync(join(input, name), 'utf8'));
    const lines = [
      "import type { HomeView, KnownBlock, ModalView } from '@slack/types';",
      `export const checked: ${typeOf(value)} = ${JSON.stringify(value, null, 2)};`,
      'export type Used = HomeView | KnownBlock | ModalView;',
    ];
    writeFileSync(join(out, `${name.replace(/\.json$/, '')}.ts`), `${lines.join('\n')}\n`);
  }
  writeFileSync(
    join(out, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: { strict: true, noEmit: true, module: 'nodenext', target: 'es2022', skipLibCheck: true, types: [] },
      include: ['*.ts'],
    }),
  );
  const tsc = join(here, 'node_modules', 'typescript', 'bin', 'tsc');
  const run = spawnSync(process.execPath, [tsc, '--pretty', 'false', '-p', out], { encoding: 'utf8' });
  process.stdout.write((run.stdout ?? '').replaceAll(/check-[^/]*\//g, ''));
  process.stderr.write(run.stderr ?? '');
  status = run.status ?? 1;
  if (status === 0) console.log(`${names.length} checked`);
} finally {
  rmSync(out, { recursive: true, force: true });
}
process.exit(status);
