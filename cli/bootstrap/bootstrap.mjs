/**
 * What `npm start`, `npm test` and `npm run bench`, `faults`, `soak`, `installs` and `test:emulated` begin with: on a fresh clone
 * it installs the locked dependencies and builds, then it runs the program, the tests, or a program of the project itself. Plain JavaScript without dependencies, because it runs before
 * there are any.
 */

import { closeSync, openSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isatty } from 'node:tty';
import { fileURLToPath } from 'node:url';
import { run } from './child.mjs';
import { bundleOf, bundleOwn, isOwnProgram, makeReady } from './make-ready.mjs';

const LEAST_NODE = [20, 19];
const DEFAULT_ENVIRONMENTS = 'native,container,nested,vm';

/** Is this version (`v20.19.0`) new enough? */
export function nodeIsEnough(version) {
  const [major, minor] = version.replace(/^v/, '').split('.').map(Number);
  return major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
}

/** What is to be run, in order, once the program is built: command lines for Node.js. `optional` ones may fail. */
export function commandsFor(mode, args, root) {
  if (mode === 'test') {
    const vitest = realpathSync(join(root, 'node_modules', '.bin', 'vitest'));
    return [{ argv: [vitest, 'run', ...args] }];
  }
  if (isOwnProgram(mode)) return [{ argv: [bundleOf(mode, root), ...args] }];
  const main = join(root, 'dist', 'cli', 'main.js');
  const rest = args.filter((arg) => arg !== '--no-setup');
  const has = (...names) =>
    rest.some((arg) =>
      names.some((name) => arg === name || arg.startsWith(`${name}=`) || (/^-\w$/.test(name) && arg.startsWith(name))),
    );
  const looks = has('--help', '-h', '--dry-run');
  // A plan file says both; a flag would win over it.
  const planned = has('--plan');
  const defaults = [
    ...(planned || has('-e', '--env') ? [] : ['-e', DEFAULT_ENVIRONMENTS]),
    ...(planned || has('--profile') ? [] : ['--profile', 'quick']),
  ];
  const setup = {
    argv: [main, 'setup', '--for', layersOf(flagValue(rest, '-e', '--env') || DEFAULT_ENVIRONMENTS)],
    optional: true,
  };
  const skipSetup = looks || args.length > rest.length;
  return [...(skipSetup ? [] : [setup]), { argv: [main, 'run', ...defaults, ...rest] }];
}

async function main([mode, ...args]) {
  if (!nodeIsEnough(process.version)) {
    process.stderr.write(
      `Boxmark needs a newer Node.js.\n  received: ${process.version}\n  try: Node.js ${LEAST_NODE.join('.')} or later\n`,
    );
    return 2;
  }
  if (!['start', 'test'].includes(mode) && !isOwnProgram(mode)) {
    process.stderr.write(
      `Unknown mode.\n  received: ${mode}\n  try: start, test, bench, faults, soak, installs or emulated\n`,
    );
    return 2;
  }
  const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
  let code = await makeReady(root);
  if (code === 0 && isOwnProgram(mode)) code = await bundleOwn(mode, root);
  if (code !== 0) return code;
  for (const { argv, optional } of commandsFor(mode, args, root)) {
    // What set-up says is progress: the standard output belongs to the results.
    code = await run(process.execPath, argv, { cwd: root, stdio: optional ? ['inherit', 2, 2] : 'inherit' });
    if (code !== 0 && (!optional || code >= 128)) return code;
  }
  return code;
}

/** `docker:memory=1g,qemu/docker` → `docker,qemu,docker`: set-up takes names without settings. */
function layersOf(environments) {
  return environments
    .split(/[,/]/)
    .map((layer) => layer.split(':')[0])
    .join(',');
}

function flagValue(args, short, long) {
  let value;
  args.forEach((arg, index) => {
    if (arg === short || arg === long) value = args[index + 1];
    else if (arg.startsWith(`${long}=`)) value = arg.slice(long.length + 1);
    else if (arg.startsWith(short) && !arg.startsWith('--')) value = arg.slice(short.length);
  });
  return value;
}

/** Waits for the program to its end even when the terminal hangs up or a reader leaves (cli/terminal/streams.ts says why). */
function outliveStreams() {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const terminals = [0, 1, 2].filter((fd) => isatty(fd));
  process.on('exit', () => {
    for (const fd of terminals.filter((it) => !isatty(it))) {
      closeSync(fd);
      openSync('/dev/null', 'r+');
    }
  });
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  outliveStreams();
  main(process.argv.slice(2)).then(
    (code) => {
      process.exitCode = code;
    },
    (error) => {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 1;
    },
  );
}
