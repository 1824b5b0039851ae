"use strict";
(() => {
  const PAPER = 660; // px: the width of a printed page

  // A figure stands as JSON inside its place.
  function draw(plot, width) {
    plot.figure ??= JSON.parse(plot.querySelector("script").textContent);
    probelineFigures.draw(plot, width);
  }

  const plots = [...document.querySelectorAll(".plot")];
  const redraw = (width) => plots.forEach((plot) => plot.drawn && draw(plot, width));
  const visible = (plot) => !plot.closest("details:not([open])");
  plots.filter(visible).forEach((plot) => setTimeout(() => draw(plot)));
  document.querySelectorAll("details").forEach((fold) => fold.addEventListener("toggle", () => {
    if (fold.open) fold.querySelectorAll(".plot").forEach((plot) => draw(plot));
  }));
  let waiting;
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(() => redraw(), 120); });
  addEventListener("beforeprint", () => redraw(PAPER));
  addEventListener("afterprint", () => redraw());

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
})();
