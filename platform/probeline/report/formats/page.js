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
})();
