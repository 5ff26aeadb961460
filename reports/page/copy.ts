/** A button beside each table that copies it as Markdown; where the page has no clipboard, it shows the text to be copied. */

export function enableCopying(root: ParentNode): void {
  for (const button of root.querySelectorAll<HTMLButtonElement>('button[data-copy]')) {
    const target = document.getElementById(button.dataset.copy ?? '');
    if (target === null) continue;
    button.hidden = false;
    button.addEventListener('click', () => {
      const text = target instanceof HTMLTableElement ? markdownOf(target) : (target.textContent ?? '');
      void copy(text).then((done) => (done ? say(button, 'Copied') : show(button, text)));
    });
  }
}

/** As it stands: in the order that it was sorted into. */
function markdownOf(table: HTMLTableElement): string {
  const cells = (row: HTMLTableRowElement) =>
    [...row.cells].map((cell) =>
      textOf(cell).trim().replace(/\s+/g, ' ').replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll('<', '&lt;'),
    );
  const line = (texts: readonly string[]) => `| ${texts.join(' | ')} |`;
  const [head, ...rows] = [...table.rows].map(cells);
  if (head === undefined) return '';
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line), ''].join('\n');
}

/** Small text below a figure follows a line break, which plain text does not have. */
function textOf(cell: HTMLTableCellElement): string {
  const parts = [...cell.childNodes].map((node) => {
    const text = (node.textContent ?? '').trim();
    return node instanceof HTMLElement && node.tagName === 'SMALL' && text !== ''
      ? ` (${text})`
      : (node.textContent ?? '');
  });
  return parts.join('');
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** In some browsers a page from a file has no access to the clipboard. */
function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  const before = document.activeElement;
  area.value = text;
  area.className = 'offscreen';
  area.setAttribute('aria-hidden', 'true');
  document.body.append(area);
  area.select();
  let done = false;
  try {
    done = document.execCommand('copy');
  } catch {
    done = false;
  }
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}

function show(button: HTMLButtonElement, text: string): void {
  if (button.nextElementSibling?.tagName === 'TEXTAREA') return;
  const area = document.createElement('textarea');
  area.readOnly = true;
  area.value = text;
  area.rows = Math.min(12, text.split('\n').length);
  area.setAttribute('aria-label', 'The table as Markdown');
  button.after(area);
  area.select();
}

function say(button: HTMLButtonElement, text: string): void {
  const before = button.textContent;
  button.textContent = text;
  const status = document.getElementById('status');
  if (status !== null) status.textContent = 'Copied as Markdown';
  setTimeout(() => {
    button.textContent = before;
    if (status !== null) status.textContent = '';
  }, 1500);
}
