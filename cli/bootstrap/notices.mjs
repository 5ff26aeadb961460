/** The licences of what the bundles contain, for whoever passes them on. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** In no bundle's list: copied, and compiled into the kernels. */
const FURTHER = ['node_modules/@fontsource/inter', 'node_modules/assemblyscript'];

/** The text of dist/NOTICES.txt. Throws when a package in a bundle has no licence. */
export function notices(metafiles) {
  const inputs = metafiles.flatMap(({ inputs }) => Object.keys(inputs));
  const found = inputs.map(packageOf).filter((folder) => folder !== undefined && !isOwn(folder));
  const folders = [...new Set([...found, ...FURTHER])].sort();
  const parts = folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    if (typeof license !== 'string') throw new Error(`${folder} names no licence`);
    return `${name} ${version} (${license})\n\n${licenceText(folder) ?? `Its package holds no text of the licence.`}`;
  });
  const line = `\n\n${'-'.repeat(80)}\n\n`;
  return `Boxmark's program, reports and pictures contain these packages.\n\n${parts.join(line)}\n`;
}

/** `node_modules/@scope/name` of a file below it, the innermost one; undefined for a file of Boxmark's. */
function packageOf(file) {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

function isOwn(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).private === true;
}

function licenceText(folder) {
  const name = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)(\.|$)/i.test(entry));
  return name !== undefined && existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8').trim() : null;
}
