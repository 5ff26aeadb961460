/** The programs that a shell text calls, as far as they can be seen in it. */

/** What a command comes after: a beginning, an operator, a keyword, or a program that starts another one. */
const BEFORE =
  /(?:[|;&(`{!\n]|(?<![\w./-])(?:do|then|else|elif|if|while|until|exec|xargs|time|nice|env|nohup)(?=\s))\s*/g;
const NAME = /^(?:\w+=\S*\s+)*([A-Za-z_[][\w.+-]*)(?=$|[\s;|&)`}<>])/;

/** Names in the order of the text, each once; words of the shell itself are among them. */
export function programNames(text: string): string[] {
  const names: string[] = [];
  // With a line end in front, so that a keyword can come first.
  const lines = `\n${text}`;
  for (const { index, 0: before } of lines.matchAll(BEFORE)) {
    const name = NAME.exec(lines.slice(index + before.length))?.[1];
    if (name !== undefined && !names.includes(name)) names.push(name);
  }
  return names;
}
