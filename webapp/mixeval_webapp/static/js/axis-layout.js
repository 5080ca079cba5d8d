/** How bars share one axis: which stands before which, and in which row each handle finds room. Knows no DOM. */

/**
 * @typedef {object} Standing a bar as it is drawn
 * @property {string} token
 * @property {number} value where it stands, 0 to 100
 * @property {boolean} waiting it is not on the axis yet
 */

/**
 * Order bars as they are read: along the axis, then those that wait; where two stand at one place, as on the page.
 * @template {Standing} B
 * @param {B[]} bars in the order of the page
 * @returns {B[]}
 */
export function inOrder(bars) {
  return [...bars].sort((one, other) =>
    one.waiting || other.waiting ? Number(one.waiting) - Number(other.waiting) : one.value - other.value,
  );
}

/**
 * Give each bar on the axis the first row, from the top, in which its handle covers no other.
 *
 * Taken along the axis this needs no more rows than handles meet at one place. The bar that is being moved is given
 * what the others leave, so that they stay where they are until it rests.
 * @param {Standing[]} bars in the order of the page
 * @param {number} room that a handle takes, in units of the scale
 * @param {string | null} [moving] token
 * @returns {Map<string, number>} rows by token, counted from 0
 */
export function rowsOf(bars, room, moving = null) {
  const standing = inOrder(bars).filter(({ waiting }) => !waiting);
  const inTurn = [
    ...standing.filter(({ token }) => token !== moving),
    ...standing.filter(({ token }) => token === moving),
  ];
  /** @type {number[][]} */
  const taken = [];
  /** @type {Map<string, number>} */
  const rows = new Map();
  for (const { token, value } of inTurn) {
    const free = taken.findIndex((row) => row.every((other) => Math.abs(other - value) >= room));
    const row = free === -1 ? taken.push([]) - 1 : free;
    taken[row]?.push(value);
    rows.set(token, row);
  }
  return rows;
}
