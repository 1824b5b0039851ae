"use strict";
// The parts of the live page that change by pieces: the grid's cells and the figures. Names are only ever set as text.
(() => {
  const MOST_MARKS = 12; // seeds with a mark of their own; more become a bar
  const STATUSES = ["finished", "running", "failed", "interrupted", "new", "to tune"];
  const SILENT = () => window.dash_clientside.no_update;
  const cells = new Map(); // label -> { button, row, column, state }
  let colours = {};

  function element(tag, kind, text) {
    const node = document.createElement(tag);
    if (kind) node.className = kind;
    if (text !== undefined) node.textContent = text;
    return node;
  }

  function name(text) {
    const node = element("bdi", "", text);
    node.title = text;
    return node;
  }

  // The empty table. A cell for which the columns mean nothing spans them all.
  function build(grid) {
    const table = element("table", "grid"), head = table.createTHead().insertRow(), body = table.createTBody();
    const wide = Math.max(1, grid.columns.length);
    head.append(element("td"));
    grid.columns.forEach((column, i) => {
      const title = element("th");
      title.scope = "col";
      if (grid.axis && i === 0) title.append(element("span", "axis", grid.axis), " ");
      title.append(name(column));
      head.append(title);
    });
    const lines = grid.rows.map((row) => {
      const line = body.insertRow(), title = element("th");
      title.scope = "row";
      title.append(name(row));
      line.append(title);
      return { line, slots: new Map() };
    });
    cells.clear();
    lines.forEach(({ line, slots }, row) => {
      const own = grid.slots.filter((slot) => slot[1] === row);
      const spans = own.filter((slot) => slot[2] === null), columns = own.length > spans.length ? wide : 0;
      for (let i = 0; i < columns; i++) slots.set(i, line.insertCell());
      if (spans.length) {
        const cell = line.insertCell();
        if (!columns) cell.colSpan = wide;
        slots.set(null, cell);
      }
    });
    for (const [label, row, column] of grid.slots) {
      const button = element("button", "cell");
      button.type = "button";
      button.tabIndex = cells.size ? -1 : 0;
      button.setAttribute("aria-pressed", "false");
      button.append(element("span", "value"), element("span", "marks"));
      lines[row].slots.get(column).append(button);
      cells.set(label, { button, row, column: column ?? 0, state: null });
      button.addEventListener("click", () => choose(label));
      button.addEventListener("keydown", (event) => move(event, label));
    }
    table.style.minWidth = `${150 + 84 * wide}px`;
    document.getElementById("grid").replaceChildren(table);
  }

  function fill(cell, state) {
    const [value, marks] = cell.button.children, before = cell.state;
    value.textContent = state.text || state.why || "·";
    cell.button.classList.toggle("failed", state.why !== "");
    cell.button.classList.toggle("empty", state.value === null);
    cell.button.setAttribute("aria-label", state.label);
    cell.button.title = state.label;
    if (before && before.done !== state.done) {
      cell.button.classList.remove("fresh");
      void cell.button.offsetWidth; // lets the animation begin anew
      cell.button.classList.add("fresh");
    }
    const counts = STATUSES.map((status) => [status, state.seeds.filter((seed) => seed.status === status).length]);
    if (state.seeds.length <= MOST_MARKS) marks.replaceChildren(...state.seeds.map(mark));
    else marks.replaceChildren(bar(counts), element("span", "count", `${state.done}/${state.of}`));
    cell.state = state;
  }

  function mark(seed) {
    const node = element("span", `mark ${seed.status.replace(" ", "-")}`);
    if (seed.share !== undefined) node.style.setProperty("--share", seed.share);
    return node;
  }

  function bar(counts) {
    const node = element("span", "bar");
    for (const [status, count] of counts.filter((each) => each[1])) {
      const part = element("span", `part ${status.replace(" ", "-")}`);
      part.style.flexGrow = count;
      node.append(part);
    }
    return node;
  }

  function heat(scale) {
    const legend = document.getElementById("scale");
    legend.hidden = !scale;
    if (!scale) return;
    legend.replaceChildren(
      element("span", "", scale.title), element("span", "", scale.words[0]), element("span", "ramp"),
      element("span", "", scale.words[1]),
    );
    const span = scale.best - scale.worst;
    for (const { button, state } of cells.values()) {
      if (state.value === null) continue;
      button.style.setProperty("--heat", span ? (state.value - scale.worst) / span : 1);
    }
  }

  function pressed() {
    return [...cells].filter(([, cell]) => cell.button.getAttribute("aria-pressed") === "true").map(([label]) => label);
  }

  function choose(label) {
    const now = pressed(), after = now.includes(label) ? now.filter((each) => each !== label) : [...now, label];
    window.dash_clientside.set_props("chosen", { data: after });
  }

  // Arrow keys, Home and End move between cells; Tab leaves the grid.
  function move(event, label) {
    const here = cells.get(label), all = [...cells.values()];
    const beside = (step) => all.filter((c) => c.row === here.row && (c.column - here.column) * step > 0)
      .sort((a, b) => (a.column - b.column) * step)[0];
    const across = (step) => all.filter((c) => (c.row - here.row) * step > 0)
      .sort((a, b) => (a.row - b.row) * step || Math.abs(a.column - here.column) - Math.abs(b.column - here.column))[0];
    const ways = {
      ArrowRight: () => beside(1), ArrowLeft: () => beside(-1), ArrowDown: () => across(1), ArrowUp: () => across(-1),
      Home: () => all[0], End: () => all[all.length - 1],
    };
    const next = ways[event.key] && ways[event.key]();
    if (!next) return;
    event.preventDefault();
    all.forEach((cell) => (cell.button.tabIndex = -1));
    next.button.tabIndex = 0;
    next.button.focus();
  }

  function outline() {
    for (const [label, { button }] of cells) {
      button.classList.toggle("plotted", label in colours);
      button.style.setProperty("--curve", colours[label] || "transparent");
    }
  }

  function draw(id, figure, caption) {
    const plot = document.getElementById(id);
    plot.setAttribute("aria-label", caption);
    plot.closest(".frame").classList.toggle("nothing", !figure);
    if (figure) {
      if (!plot.figure) plot.textContent = "";
      plot.figure = figure;
      probelineFigures.draw(plot);
      return;
    }
    if (plot.figure) Plotly.purge(plot);
    plot.figure = null;
    plot.classList.remove("ready");
    plot.textContent = caption;
  }

  function count() {
    const all = [...cells.values()].map((cell) => cell.state).filter(Boolean);
    const sum = (key) => all.reduce((total, state) => total + state[key], 0);
    document.title = `${sum("done")}/${sum("of")} · ${document.getElementById("title").textContent} · Probeline`;
  }

  let waiting;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      for (const plot of document.querySelectorAll(".plot")) if (plot.figure) probelineFigures.draw(plot);
    }, 120);
  });

  // A server that is gone leaves its last page standing: a notice says so until it is back.
  const ask = window.fetch;
  window.fetch = async (...request) => {
    try {
      const reply = await ask(...request);
      silent(false);
      return reply;
    } catch (error) {
      silent(true);
      throw error;
    }
  };

  function silent(gone) {
    const notice = document.getElementById("silent");
    if (!notice || notice.hidden === !gone) return;
    notice.hidden = !gone;
    notice.textContent = gone
      ? `The dashboard's server has not answered since ${new Date().toLocaleTimeString()}: what stands here is older. ` +
        "The page goes on asking; `probeline dash` starts the server again."
      : "";
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    probeline: {
      grid(delta, chosen) {
        if (!delta) return SILENT();
        if (delta.grid && delta.revision !== cells.revision) build(delta.grid);
        if (delta.revision !== cells.revision) {
          for (const [label, state] of Object.entries(delta.cells)) fill(cells.get(label), state);
          heat(delta.scale);
          count();
        }
        cells.revision = delta.revision;
        for (const [label, { button }] of cells) button.setAttribute("aria-pressed", (chosen || []).includes(label));
        outline();
        return delta.revision;
      },
      curves(data, chosen) {
        colours = (data && data.colours) || {};
        outline();
        if (data) draw("curves", data.figure, data.caption);
        return !(chosen || []).length;
      },
      report(data) {
        if (!data) return SILENT();
        draw("report", data.figure, data.message);
        return data.revision;
      },
      clear(pressedTimes) {
        return pressedTimes ? [] : SILENT();
      },
    },
  });
})();
