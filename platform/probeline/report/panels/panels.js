"use strict";
// What a map's points are, a thumbnail or a text: under the pointer, or by the arrow keys; rings show the same sample in
// the other panels.
(() => {
  const FINGER = 24; // px: how near a touch must come to a point
  const REACH = 0.75; // how far to the side of the arrow a next point may lie, for each step along it

  const place = (plot, trace, i) => {
    const { _fullLayout: full, _fullData: traces } = plot, of = traces[trace];
    const x = full["xaxis" + of.xaxis.slice(1)], y = full["yaxis" + of.yaxis.slice(1)];
    return { left: x._offset + x.d2p(of.x[i]), top: y._offset + y.d2p(of.y[i]), panel: of.xaxis };
  };
  const points = (plot) => plot._fullData.flatMap((trace, t) =>
    trace.visible === true ? Array.from(trace.x, (_, i) => ({ trace: t, i, tile: trace.customdata[i], ...place(plot, t, i) })) : []);

  function element(kind, parent) {
    const made = document.createElement("div");
    made.className = kind;
    parent.append(made);
    return made;
  }

  function cut(picture, { sheet, size: [across, lines, width, height] }, tile) {
    const column = tile % across, line = Math.floor(tile / across);
    picture.className = `tile ${sheet}`;
    picture.textContent = "";
    Object.assign(picture.style, {
      backgroundSize: `${across * 100}% ${lines * 100}%`, aspectRatio: `${width} / ${height}`,
      backgroundPosition: `${across > 1 ? 100 * column / (across - 1) : 0}% ${lines > 1 ? 100 * line / (lines - 1) : 0}%`,
    });
  }

  function write(place, text) {
    place.className = "text";
    place.removeAttribute("style");
    place.textContent = text;
  }

  function show(plot, trace, i) {
    const { meta, customdata } = plot._fullData[trace], tile = customdata[i];
    const at = place(plot, trace, i), text = meta.texts?.[i];
    text === undefined ? cut(plot.thumb.firstChild, meta, tile) : write(plot.thumb.firstChild, text);
    plot.thumb.classList.toggle("wide", text !== undefined);
    plot.thumb.lastChild.textContent = meta.said;
    plot.heard.textContent = `${meta.said}; ${text === undefined ? "" : `${text}; `}${meta.of}`;
    plot.thumb.hidden = false;
    const room = plot.clientWidth - plot.thumb.offsetWidth, beside = at.left + 14;
    plot.thumb.style.left = `${Math.max(0, beside > room ? at.left - 14 - plot.thumb.offsetWidth : beside)}px`;
    plot.thumb.style.top = `${Math.max(0, at.top - plot.thumb.offsetHeight / 2)}px`;
    const same = points(plot).filter((p) => p.tile === tile && plot._fullData[p.trace].meta.sheet === meta.sheet);
    plot.rings.replaceChildren();
    same.forEach((p) => Object.assign(element("ring", plot.rings).style, { left: `${p.left}px`, top: `${p.top}px` }));
    plot.at = { trace, i };
  }

  function hide(plot) {
    plot.thumb.hidden = true;
    plot.rings.replaceChildren();
  }

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  function next(plot, [dx, dy]) {
    const here = place(plot, plot.at.trace, plot.at.i);
    const far = (p) => {
      const x = p.left - here.left, y = p.top - here.top, along = x * dx + y * dy, aside = Math.abs(x * dy) + Math.abs(y * dx);
      return p.panel === here.panel && along > 0 && aside <= REACH * along ? along + 2 * aside : Infinity;
    };
    return points(plot).reduce((best, p) => (far(p) < far(best) ? p : best), { left: NaN });
  }

  // The same sample in the panel before or after.
  function turn(plot, step) {
    const all = points(plot), panels = [...new Set(all.map((p) => p.panel))];
    const here = place(plot, plot.at.trace, plot.at.i), tile = plot._fullData[plot.at.trace].customdata[plot.at.i];
    const panel = panels[(panels.indexOf(here.panel) + step + panels.length) % panels.length];
    return all.find((p) => p.panel === panel && p.tile === tile) ?? all.find((p) => p.panel === panel);
  }

  function press(plot, event) {
    if (event.key === "Escape") return hide(plot);
    const step = { PageUp: -1, PageDown: 1 }[event.key], arrow = ARROWS[event.key];
    if (!step && !arrow) return;
    event.preventDefault();
    const shown = plot.at && !plot.thumb.hidden;
    const to = !shown ? plot.at ?? points(plot)[0] : step ? turn(plot, step) : next(plot, arrow);
    if (to?.trace !== undefined) show(plot, to.trace, to.i);
  }

  // Plotly tells nobody of a finger.
  function touch(plot, event) {
    if (event.pointerType !== "touch") return;
    const box = plot.getBoundingClientRect(), away = (p) => Math.hypot(p.left - event.clientX + box.left, p.top - event.clientY + box.top);
    const nearest = points(plot).reduce((best, p) => (away(p) < away(best) ? p : best));
    away(nearest) <= FINGER ? show(plot, nearest.trace, nearest.i) : hide(plot);
  }

  function prepare(plot) {
    const around = element("thumbs", plot.parentElement);
    plot.before(around);
    around.append(plot);
    plot.rings = element("rings", around);
    plot.thumb = element("thumb", around);
    plot.thumb.hidden = true;
    plot.thumb.append(document.createElement("div"), document.createElement("div"));
    plot.heard = element("heard", around);
    plot.heard.setAttribute("aria-live", "polite");
    plot.tabIndex = 0;
    plot.setAttribute("role", "application");
    plot.on("plotly_hover", ({ points: [point] }) => show(plot, point.curveNumber, point.pointNumber));
    plot.on("plotly_unhover", () => hide(plot));
    plot.addEventListener("keydown", (event) => press(plot, event));
    plot.addEventListener("pointerup", (event) => touch(plot, event), true);
    plot.addEventListener("blur", () => hide(plot));
  }

  document.addEventListener("drawn", ({ target: plot }) => {
    if (!plot.figure.layout.meta?.thumbnails) return;
    plot.thumb ? hide(plot) : prepare(plot);
  });
})();
