/** Tables that sort by a column when its heading is pressed, by mouse or keyboard. */

export function enableSorting(root: ParentNode): void {
  for (const table of root.querySelectorAll<HTMLTableElement>('table[data-sortable]')) {
    for (const heading of table.querySelectorAll<HTMLTableCellElement>('thead th')) {
      const button = document.createElement('button');
      button.type = 'button';
      button.append(...heading.childNodes);
      heading.append(button);
      heading.setAttribute('aria-sort', 'none');
      button.addEventListener('click', () => sortBy(table, heading));
    }
  }
}

function sortBy(table: HTMLTableElement, heading: HTMLTableCellElement): void {
  const descending = heading.getAttribute('aria-sort') === 'ascending';
  for (const other of table.querySelectorAll('thead th')) other.setAttribute('aria-sort', 'none');
  heading.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
  const column = heading.cellIndex;
  for (const body of table.tBodies) {
    const rows = [...body.rows].map((row) => ({ row, key: keyOf(row.cells[column]) }));
    rows.sort((a, b) => (descending ? -1 : 1) * compare(a.key, b.key));
    body.append(...rows.map(({ row }) => row));
  }
}

type Key = number | string | null;

/** A cell's number where it has one, else its text; cells without a figure come last on the way up. */
function keyOf(cell: HTMLTableCellElement | undefined): Key {
  const text = cell?.textContent?.trim() ?? '';
  const value = cell?.dataset.value;
  if (value !== undefined && value !== '') return Number(value);
  return text === '' || text === '–' ? null : text;
}

function compare(a: Key, b: Key): number {
  if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), 'en', { numeric: true });
}
