"use strict";
// The parts of the live page that change by pieces: the grid's cells and the figures. Names are only ever set as text.
(() => {
  const MOST_MARKS = 12; // seeds with a mark of their own; more become a bar
  const WORDS = ["finished", "running", "failed", "interrupted", "new", "to tune"];
  const SILENT = () => window.dash_clientside.no_update;
  const cells = new Map(); // label -> { button, row, column, state }
  let colours = {};

  function element(tag, kind, text) {
    const made = document.createElement(tag);
    if (kind) made.className = kind;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function name(text) {
    const made = element("bdi", "", text);
    made.title = text;
    return made;
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
    const places = grid.rows.map((row) => {
      const line = body.insertRow(), title = element("th");
      title.scope = "row";
      title.append(name(row));
      line.append(title);
      return { line, at: new Map() };
    });
    cells.clear();
    places.forEach((place, row) => {
      const own = grid.slots.filter((slot) => slot[1] === row);
      const spans = own.filter((slot) => slot[2] === null), columns = own.length > spans.length ? wide : 0;
      for (let i = 0; i < columns; i++) place.at.set(i, place.line.insertCell());
      if (spans.length) {
        const cell = place.line.insertCell();
        if (!columns) cell.colSpan = wide;
        place.at.set(null, cell);
      }
    });
    for (const [label, row, column] of grid.slots) {
      const button = element("button", "cell");
      button.type = "button";
      button.tabIndex = cells.size ? -1 : 0;
      button.setAttribute("aria-pressed", "false");
      button.append(element("span", "value"), element("span", "marks"));
      places[row].at.get(column).append(button);
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
    cell.button.setAttribute("aria-label", state.said);
    cell.button.title = state.said;
    if (before && before.done !== state.done) {
      cell.button.classList.remove("fresh");
      void cell.button.offsetWidth; // lets the animation begin anew
      cell.button.classList.add("fresh");
    }
    const told = WORDS.map((word) => [word, state.seeds.filter((seed) => seed.word === word).length]);
    if (state.seeds.length <= MOST_MARKS) marks.replaceChildren(...state.seeds.map(mark));
    else marks.replaceChildren(bar(told), element("span", "count", `${state.done}/${state.of}`));
    cell.state = state;
  }

  function mark(seed) {
    const made = element("span", `mark ${seed.word.replace(" ", "-")}`);
    if (seed.share !== undefined) made.style.setProperty("--share", seed.share);
    return made;
  }

  function bar(told) {
    const made = element("span", "bar");
    for (const [word, count] of told.filter((each) => each[1])) {
      const part = element("span", `part ${word.replace(" ", "-")}`);
      part.style.flexGrow = count;
      made.append(part);
    }
    return made;
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
      button.classList.toggle("drawn", label in colours);
      button.style.setProperty("--curve", colours[label] || "transparent");
    }
  }

  function draw(id, figure, said) {
    const place = document.getElementById(id);
    place.setAttribute("aria-label", said);
    place.closest(".frame").classList.toggle("nothing", !figure);
    if (figure) {
      if (!place.figure) place.textContent = "";
      place.figure = figure;
      probelineFigures.draw(place);
      return;
    }
    if (place.figure) Plotly.purge(place);
    place.figure = null;
    place.classList.remove("ready");
    place.textContent = said;
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
      for (const place of document.querySelectorAll(".plot")) if (place.figure) probelineFigures.draw(place);
    }, 120);
  });

  // A server that is gone leaves its last page standing: that must be told, and when it is back.
  const ask = window.fetch;
  window.fetch = async (...asked) => {
    try {
      const reply = await ask(...asked);
      silent(false);
      return reply;
    } catch (error) {
      silent(true);
      throw error;
    }
  };

  function silent(gone) {
    const place = document.getElementById("silent");
    if (!place || place.hidden === !gone) return;
    place.hidden = !gone;
    place.textContent = gone
      ? `The dashboard's server has not answered since ${new Date().toLocaleTimeString()}: what stands here is older. ` +
        "The page goes on asking; `probeline dash` starts the server again."
      : "";
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    probeline: {
      grid(delta, chosen) {
        if (!delta) return SILENT();
        if (delta.grid && delta.at !== cells.at) build(delta.grid);
        if (delta.at !== cells.at) {
          for (const [label, state] of Object.entries(delta.cells)) fill(cells.get(label), state);
          heat(delta.scale);
          count();
        }
        cells.at = delta.at;
        for (const [label, { button }] of cells) button.setAttribute("aria-pressed", (chosen || []).includes(label));
        outline();
        return delta.at;
      },
      curves(drawn, chosen) {
        colours = (drawn && drawn.colours) || {};
        outline();
        if (drawn) draw("curves", drawn.figure, drawn.said);
        return !(chosen || []).length;
      },
      report(drawn) {
        if (!drawn) return SILENT();
        draw("report", drawn.figure, drawn.message);
        return drawn.at;
      },
      clear(pressedTimes) {
        return pressedTimes ? [] : SILENT();
      },
    },
  });
})();
