/**
 * `npm run installs`: packs the program, installs the archive in every way in which people do, and draws a chart with each:
 * npm (local, global, npx), pnpm, yarn; then under other versions of Node.js, in a container image, and under what is no
 * Node.js. Needs the npm registry.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { containerReports, Skipped } from './container.ts';

const SESSION = resolve(join('results/example', readdirSync('results/example')[0] ?? ''));
const LIMIT_MS = 300_000;
const NODES = ['22', '24', '26'];

interface Ended {
  readonly code: number | null;
  readonly text: string;
}

function call(cwd: string, file: string, args: readonly string[]): Ended {
  const { status, stdout, stderr } = spawnSync(file, args, { cwd, encoding: 'utf8', timeout: LIMIT_MS });
  return { code: status, text: `${stdout}${stderr}` };
}

/** Each way gets a folder of its own, beside another Chart.js, which a plug-in of ours must not take for its own. */
const WAYS: Readonly<Record<string, (dir: string, archive: string) => readonly string[]>> = {
  npm: (dir, archive) => {
    must(dir, 'npm', ['install', archive]);
    must(dir, 'npm', ['ls', 'boxmark']);
    return ['node_modules/.bin/boxmark'];
  },
  'npm, global': (dir, archive) => {
    must(dir, 'npm', ['install', '--global', '--prefix', dir, archive]);
    return ['bin/boxmark'];
  },
  npx: (_, archive) => ['npx', '--yes', `--package=${archive}`, 'boxmark'],
  pnpm: (dir, archive) => {
    must(dir, 'npx', ['--yes', 'pnpm@10', 'add', archive]);
    return ['node_modules/.bin/boxmark'];
  },
  yarn: (dir, archive) => {
    must(dir, 'npx', ['--yes', 'yarn@1.22', 'add', archive]);
    return ['node_modules/.bin/boxmark'];
  },
};

function must(dir: string, file: string, args: readonly string[]): string {
  const { code, text } = call(dir, file, args);
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}:\n${text}`);
  return text;
}

/** A picture, and nothing on standard error; else what went wrong. */
function draws(dir: string, [file = '', ...args]: readonly string[]): string | null {
  const path = file.includes('/') ? resolve(dir, file) : file;
  const { code, text } = call(dir, path, [...args, 'report', SESSION, '--format', 'png', '--out', 'pictures']);
  if (code !== 0) return text;
  return existsSync(join(dir, 'pictures', 'ladder.png')) ? null : `no picture: ${text}`;
}

/** What must be in the archive beside the program. */
const FILES = [
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'CITATION.cff',
  'docs/cli.md',
  'dist/NOTICES.txt',
  'claims/published.yaml',
];

function listed(archive: string): string | null {
  const names = must('.', 'tar', ['tzf', archive]).split('\n');
  const missing = FILES.filter((name) => !names.includes(`package/${name}`));
  return missing.length === 0 ? null : `missing: ${missing.join(', ')}`;
}

/** A runtime out of a package of the registry's, in which its program lies. */
function runtime(dir: string, name: 'node' | 'bun', version: string): string {
  // The package `node` only installs the one of the platform, by a script.
  const wanted = name === 'node' ? `node-linux-${process.arch}` : name;
  must(dir, 'npm', ['install', '--no-save', '--ignore-scripts', `${wanted}@${version}`]);
  const found = readdirSync(join(dir, 'node_modules'), { recursive: true, encoding: 'utf8' }).find(
    (path) => path.endsWith(`/bin/${name}`) && !path.startsWith('.bin'),
  );
  if (found === undefined) throw new Error(`${name}@${version} has no program for this platform`);
  return join(dir, 'node_modules', found);
}

function refuses(dir: string, file: string, main: string): string | null {
  const { code, text } = call(dir, file, [main, 'list', 'environments']);
  return code === 2 && text.startsWith('Boxmark needs') ? null : `ended with ${code}: ${text}`;
}

function main(): number {
  const root = mkdtempSync(join(tmpdir(), 'boxmark-installs-'));
  let failed = 0;
  const attempt = (name: string, act: (dir: string) => string | Skipped | null) => {
    const dir = join(root, name.replace(/\W+/g, '-'));
    mkdirSync(dir);
    writeFileSync(
      join(dir, 'package.json'),
      '{"name":"somebody","version":"1.0.0","dependencies":{"chart.js":"3.9.1"}}',
    );
    let wrong: string | Skipped | null;
    try {
      wrong = act(dir);
    } catch (error) {
      wrong = error instanceof Error ? error.message : String(error);
    }
    if (wrong instanceof Skipped) return void process.stdout.write(`skipped ${name}: ${wrong.reason}\n`);
    failed += wrong === null ? 0 : 1;
    process.stdout.write(wrong === null ? `ok      ${name}\n` : `FAILED  ${name}\n${wrong}\n`);
  };
  try {
    must('.', 'npm', ['pack', '--ignore-scripts', '--pack-destination', root]);
    const archive = join(root, readdirSync(root).find((name) => name.endsWith('.tgz')) ?? '');
    attempt('files', () => listed(archive));
    for (const [name, install] of Object.entries(WAYS)) attempt(name, (dir) => draws(dir, install(dir, archive)));
    const program = join(root, 'npm', 'node_modules', 'boxmark', 'dist', 'cli', 'main.js');
    for (const version of NODES) {
      attempt(`Node.js ${version}`, (dir) => draws(dir, [runtime(dir, 'node', version), program]));
    }
    attempt('Node.js 18 is refused', (dir) => refuses(dir, runtime(dir, 'node', '18'), program));
    attempt('container image', (dir) => containerReports(dir, archive, SESSION));
    attempt('Bun is refused', (dir) => refuses(dir, runtime(dir, 'bun', '1'), program));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return failed === 0 ? 0 : 1;
}

process.exitCode = main();
