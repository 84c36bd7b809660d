// Makes dist/ from src/: page.js, page.css, and the licences of the packages that are inside.
import {build} from 'esbuild';
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';

const {metafile} = await build({
  entryPoints: {page: 'src/main.jsx'},
  bundle: true, minify: true, format: 'esm', target: 'es2022', charset: 'utf8', outdir: 'dist',
  jsx: 'automatic', legalComments: 'none', metafile: true, logLevel: 'warning',
  define: {'process.env.NODE_ENV': '"production"'},
});

const used = Object.values(metafile.outputs).flatMap(({inputs}) => Object.entries(inputs)).filter(([, {bytesInOutput}]) => bytesInOutput > 0);
const packages = [...new Set(used
  .map(([path]) => path.match(/^.*node_modules\/(@[^/]+\/[^/]+|[^/]+)/)?.[0])
  .filter(Boolean))].sort();
const licences = packages.map((dir) => {
  const {name, version, license} = JSON.parse(readFileSync(`${dir}/package.json`, 'utf8'));
  const file = readdirSync(dir).sort().find((f) => /^licen[cs]e/i.test(f));
  return `== ${name} ${version} (${license})\n\n${file ? readFileSync(`${dir}/${file}`, 'utf8').trim() : 'The package brings no licence file.'}\n`;
});
writeFileSync('dist/licences.txt', `The demo's page holds these packages.\n\n${licences.join('\n')}`);
