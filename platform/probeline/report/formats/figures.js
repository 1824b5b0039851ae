"use strict";
// How a figure of ours is drawn on any page: the report's, and the live dashboard's.
const probelineFigures = (() => {
  // Panels: gaps in px as in figures/_panels.py.
  const GAP_X = 64, GAP_Y = 76, TOP = 30, NARROW = 620, LEGEND = 44;
  const config = { displayModeBar: false, responsive: false };

  // Sets small multiples in as many columns as fit.
  function arrange(layout, width) {
    const heights = layout.meta.panels, left = layout.meta.left || 56, below = layout.meta.gap ?? GAP_Y;
    let columns = Math.min(heights.length, layout.meta.columns || 3, width < NARROW ? 1 : width < 940 ? 2 : 3);
    if (heights.length % columns === 1 && columns === 3) columns = 2;
    const room = width - left - 16, across = (room - (columns - 1) * GAP_X) / columns;
    const rows = [];
    for (let i = 0; i < heights.length; i += columns) rows.push(Math.max(...heights.slice(i, i + columns)));
    layout.height = rows.reduce((sum, height) => sum + height + TOP + below, 0);
    if (layout.meta.legend) { // a number: that many entries, which may need several lines
      const entries = layout.meta.legend === true ? 1 : layout.meta.legend;
      layout.height += LEGEND + 20 * (Math.ceil(entries / Math.max(1, Math.floor(width / 110))) - 1);
      layout.legend = { orientation: "h", x: 0, xanchor: "left", y: 0, yanchor: "bottom" };
    }
    heights.forEach((height, i) => {
      const column = i % columns, row = Math.floor(i / columns), suffix = i ? i + 1 : "";
      const start = column * (across + GAP_X);
      const top = rows.slice(0, row).reduce((sum, h) => sum + h + TOP + below, 0) + TOP;
      layout["xaxis" + suffix].domain = [start / room, Math.min(1, (start + across) / room)];
      layout["yaxis" + suffix].domain = [Math.max(0, 1 - (top + height) / layout.height), 1 - top / layout.height];
    });
  }

  // Names beside the lines where there is room, a legend below where there is not.
  function label(layout, width, data) {
    const wide = width >= NARROW && layout.meta.direct;
    layout.showlegend = !wide;
    const longest = Math.max(0, ...(layout.annotations || []).map((a) => a.text.replace(/<[^>]*>|&[^;]*;/g, "").length));
    if (wide) layout.margin = { ...layout.margin, r: 24 + 7.5 * longest };
    else {
      const names = data.filter((trace) => trace.showlegend !== false).map((trace) => (trace.name || "").length);
      const across = Math.max(1, Math.floor((width - 72) / (56 + 7 * Math.max(1, ...names)))); // entries in a row
      layout.annotations = [];
      layout.height += 24 * Math.ceil(names.length / across);
      layout.legend = { ...layout.legend, maxheight: layout.height }; // all of it: half a figure is plotly's
    }
  }

  // Draws `plot.figure` at a width in px, else at the element's own.
  function draw(plot, width) {
    const { data, layout } = structuredClone(plot.figure), meta = layout.meta || {};
    layout.width = width || plot.clientWidth;
    if (!layout.width) return;
    if (meta.panels) arrange(layout, layout.width);
    if (meta.narrow && layout.width < NARROW) layout.yaxis.ticktext = meta.narrow;
    if ("direct" in meta) label(layout, layout.width, data);
    Plotly.react(plot, data, layout, config);
    plot.classList.add("ready");
    plot.drawn = layout.width;
    plot.dispatchEvent(new CustomEvent("drawn", { bubbles: true }));
  }

  return { draw };
})();
