"use strict";
(() => {
  // Tables sort by a column's numbers, or its words; a second press turns the order round.
  function order(table, column, descending) {
    const value = (row) => row.cells[column].dataset.sort;
    const number = [...table.tBodies[0].rows].every((row) => value(row) === undefined || !isNaN(value(row)));
    const compare = (a, b) => (number ? a - b : a.localeCompare(b, undefined, { numeric: true }));
    const rows = [...table.tBodies[0].rows].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
      return descending ? compare(y, x) : compare(x, y);
    });
    table.tBodies[0].append(...rows);
  }
  document.querySelectorAll("th button").forEach((button) => button.addEventListener("click", () => {
    const head = button.parentElement, table = head.closest("table");
    const descending = head.getAttribute("aria-sort") === "ascending";
    table.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    order(table, head.cellIndex, descending);
  }));

  // Above a table of several rows stands a field: rows stay that have each of its words, also in what opens on a number.
  const FEW = 6;
  function filtered(table, said, words) {
    const rows = [...table.tBodies[0].rows];
    let left = 0;
    for (const row of rows) {
      row.words ??= row.textContent.toLowerCase();
      row.hidden = !words.every((word) => row.words.includes(word));
      left += !row.hidden;
    }
    said.textContent = words.length ? `${left} of ${rows.length} rows` : "";
  }
  document.querySelectorAll("table[id]").forEach((table) => {
    if (table.tBodies[0].rows.length < FEW) return;
    const field = document.createElement("p"), input = document.createElement("input"), said = document.createElement("span");
    field.className = "filter";
    input.type = "search";
    input.placeholder = "Filter rows by words";
    input.setAttribute("aria-label", `Filter the rows of: ${document.getElementById(table.getAttribute("aria-labelledby")).textContent}`);
    input.setAttribute("aria-controls", table.id);
    said.setAttribute("role", "status");
    field.append(input, said);
    table.parentElement.before(field);
    input.addEventListener("input", () => filtered(table, said, input.value.toLowerCase().split(/\s+/).filter(Boolean)));
  });
})();
