/** Says what is needed on a runtime that Boxmark does not run on. Loaded before anything that such a runtime may not have. */

/** As in the `engines` of package.json; a test compares them. */
const LEAST = [20, 19] as const;
/** They run the program, and would time another engine under the name of Node.js. */
const OTHERS = ['bun', 'deno'] as const;
/** EXIT.usage of bench/errors.ts, which is not loaded yet. */
const REFUSED = 2;

const versions: Readonly<Record<string, string | undefined>> = process.versions;
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const other = OTHERS.find((name) => versions[name] !== undefined);

if (other !== undefined || major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1])) {
  const [what, received] =
    other === undefined ? ['a newer Node.js', process.version] : ['Node.js itself', `${other} ${versions[other]}`];
  process.stderr.write(`Boxmark needs ${what}.\n  received: ${received}\n  try: Node.js ${LEAST.join('.')} or later\n`);
  process.exit(REFUSED);
}
