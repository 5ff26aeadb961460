/** The payload of the lab: its first line is what it sees of its box, then it answers line by line as the real one does. */

export const PAYLOAD = `'use strict';
const fs = require('fs'), os = require('os');
const attempt = (act) => { try { return act(); } catch (error) { return error.code; } };
const text = (file) => attempt(() => fs.readFileSync(file, 'utf8'));
const first = (files) => files.map(text).map((found) => found.trim()).find((found) => !/^E[A-Z]+$/.test(found));
const field = (name) => (new RegExp('^' + name + ':\\\\s*(.*)$', 'm').exec(text('/proc/self/status')) || [])[1];
// On the host nothing is tried out.
const inBox = fs.existsSync('/boxmark/payload.cjs');
const write = (file) => inBox ? attempt(() => (fs.writeFileSync(file, 'x'), 'written')) : 'not tried';
function say(value) {
  const bytes = Buffer.from('@boxmark ' + JSON.stringify({ value, monoNs: String(process.hrtime.bigint()) }) + '\\n');
  for (let at = 0; at < bytes.length; ) at += fs.writeSync(1, bytes, at);
}
function burn() {
  for (const until = Date.now() + 200; Date.now() < until; );
  return 'burnt';
}
function answer(line) {
  const [, word, rest] = /^([a-z]+:)?(.*)$/s.exec(line);
  if (line.startsWith('/')) return text(line);
  if (word === 'ls:') return attempt(() => fs.readdirSync(rest).sort());
  if (word === 'write:') return write(rest);
  // Much in one answer: fill:CHARACTERS:…, after what was said.
  if (word === 'fill:') return { echo: line, filler: 'x'.repeat(parseInt(rest, 10)) };
  if (line === 'env') return process.env;
  if (line === 'burn') return burn();
  if (line === 'spin') for (;;);
  if (line === 'quit') process.exit(0);
  if (line === 'fail') process.exit(3);
  return 'echo ' + line;
}
say({
  pid: process.pid, uid: process.getuid(), cwd: process.cwd(), argv: process.argv.slice(2), env: process.env,
  version: process.version, release: os.release(), hostname: os.hostname(),
  cpus: field('Cpus_allowed_list'), cpuCount: os.availableParallelism(), cpuModel: (os.cpus()[0] || {}).model,
  clock: first(['/sys/devices/system/clocksource/clocksource0/current_clocksource']),
  capEff: field('CapEff'), capPrm: field('CapPrm'), capBnd: field('CapBnd'), noNewPrivs: field('NoNewPrivs'),
  seccomp: field('Seccomp'), totalMemory: os.totalmem(),
  memory: first(['/sys/fs/cgroup/memory/memory.limit_in_bytes', '/sys/fs/cgroup/memory.max']),
  pids: first(['/sys/fs/cgroup/pids/pids.max', '/sys/fs/cgroup/pids.max']),
  root: attempt(() => fs.readdirSync('/').sort()), bin: attempt(() => fs.readdirSync('/usr/bin').length),
  store: attempt(() => fs.readdirSync('/boxmark/store/x')),
  nets: Object.keys(os.networkInterfaces()),
  interfaces: text('/proc/net/dev').split('\\n').slice(2).map((line) => line.split(':')[0].trim()).filter(Boolean),
  route: text('/proc/net/route').trim().split('\\n').length - 1,
  processes: fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name)),
  mounts: text('/proc/self/mountinfo').trim().split('\\n').map((line) => line.split(' ')[4]),
  writeRoot: write('/written'), writeTmp: write('/tmp/written'),
  writes: ['/etc/passwd', '/proc/sys/kernel/hostname', '/sys/kernel/uevent_helper'].map(write),
});
const chunk = Buffer.alloc(65536);
for (let rest = '';;) {
  const size = fs.readSync(0, chunk, 0, chunk.length);
  if (size === 0) process.exit(0);
  rest += chunk.toString('latin1', 0, size);
  for (let end; (end = rest.indexOf('\\n')) >= 0; rest = rest.slice(end + 1)) say(answer(rest.slice(0, end)));
}
`;
