/** The program that runs commands in a guest that holds engines: several at a time over its one console. Plain JavaScript, for the image's Node.js. */

/** What it says when it listens, and how the lines of its answers begin. */
export const AGENT_READY = '@ready';

/**
 * Requests come as base64 of JSON, in pieces of a line each (`+` and more follows, `.` and it is whole), because a terminal
 * takes no long lines; each piece is acknowledged, because one that is full loses what comes. Answers are lines `@o ID
 * BASE64` (output), `@e` (error output) and `@x ID CODE SIGNAL`.
 */
export const AGENT_PROGRAM = `'use strict';
const fs = require('fs');
const { spawn } = require('child_process');
const children = new Map();
function say(line) {
  const bytes = Buffer.from(line + '\\n');
  for (let at = 0; at < bytes.length; ) {
    try { at += fs.writeSync(1, bytes, at); } catch (error) { if (error.code !== 'EAGAIN') throw error; }
  }
}
const acts = {
  run({ id, argv, env }) {
    const child = spawn(argv[0], argv.slice(1), { env, cwd: '/', detached: true });
    children.set(id, child);
    child.stdin.on('error', () => {});
    child.stdout.on('data', (data) => say('@o ' + id + ' ' + data.toString('base64')));
    child.stderr.on('data', (data) => say('@e ' + id + ' ' + data.toString('base64')));
    child.on('error', (error) => {
      children.delete(id);
      say('@e ' + id + ' ' + Buffer.from(argv[0] + ': ' + error.code).toString('base64'));
      say('@x ' + id + ' 127 -');
    });
    child.on('close', (code, signal) => {
      if (children.delete(id)) say('@x ' + id + ' ' + (code === null ? '-' : code) + ' ' + (signal || '-'));
    });
  },
  input({ id, text, end }) {
    const child = children.get(id);
    if (child === undefined) return;
    if (text !== undefined) child.stdin.write(text);
    if (end) child.stdin.end();
  },
  kill({ id }) {
    const child = children.get(id);
    try { if (child !== undefined && child.pid) process.kill(-child.pid, 'SIGKILL'); } catch {}
  },
  end() { process.exit(0); },
};
let pieces = '', rest = '';
fs.createReadStream('', { fd: 0, highWaterMark: 4096 }).on('data', (data) => {
  rest += data.toString('latin1');
  for (let at; (at = rest.indexOf('\\n')) >= 0; rest = rest.slice(at + 1)) {
    const line = rest.slice(0, at);
    pieces += line.slice(1);
    say('@a');
    if (line[0] !== '.') continue;
    const request = JSON.parse(Buffer.from(pieces, 'base64').toString());
    pieces = '';
    acts[request.op](request);
  }
}).on('end', () => process.exit(0));
say('${AGENT_READY}');
`;
